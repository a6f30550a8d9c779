//! The entries of the answer form: for each question its facts, named as in the JSON of `socklab analyze`.

use socklab_core::analyze::{ValueType, kind_of};
use socklab_core::lab::Question;

/// One fact that the form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'q> {
    /// Its key, as under `facts` in the JSON.
    pub key: &'q str,
    /// The kind of its value.
    pub value: ValueType,
    /// What is asked.
    pub help: &'q str,
}

pub use socklab_core::lab::EXPLANATION;

/// The facts that the form asks for, in its order.
pub fn fields(question: &Question) -> impl Iterator<Item = Field<'_>> + Clone {
    let kind = kind_of(question);
    question.asks().iter().filter_map(move |ask| {
        let fact = kind?.fact(ask)?;
        Some(Field { key: &ask.key, value: fact.value, help: ask.text.as_deref().unwrap_or(&ask.key) })
    })
}

/// The keys of all entries of the form: the facts, and the explanation where the sheet asks for one.
pub fn keys(question: &Question) -> impl Iterator<Item = &str> + Clone {
    fields(question).map(|field| field.key).chain(question.explain().map(|_| EXPLANATION))
}

/// A key as it is spelt, without what is easily mistyped.
pub(super) fn spelt(key: &str) -> String {
    key.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

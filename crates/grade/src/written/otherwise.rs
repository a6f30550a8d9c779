//! What an answer may mean besides what it seems to, since a number in a list may be one of its items or their count.

/// Other meanings of an entry. Where the meaning that was read is wrong and one of these may be right, a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Otherwise<T> {
    /// It has one meaning.
    #[default]
    Nothing,
    /// It may mean one of these.
    Values(Vec<T>),
    /// It may mean something else.
    Unknown,
}

impl<T> Otherwise<T> {
    /// Other meanings, where there are any.
    pub fn of(values: Vec<T>) -> Otherwise<T> {
        if values.is_empty() { Otherwise::Nothing } else { Otherwise::Values(values) }
    }

    /// With one more, where there is one.
    pub fn or(self, more: Option<T>) -> Otherwise<T> {
        match (self, more) {
            (Otherwise::Nothing, Some(more)) => Otherwise::Values(vec![more]),
            (Otherwise::Values(mut values), Some(more)) => {
                values.push(more);
                Otherwise::Values(values)
            }
            (own, _) => own,
        }
    }

    /// The same of other values.
    pub fn map<U>(self, as_other: impl Fn(T) -> U) -> Otherwise<U> {
        match self {
            Otherwise::Nothing => Otherwise::Nothing,
            Otherwise::Values(values) => Otherwise::Values(values.into_iter().map(as_other).collect()),
            Otherwise::Unknown => Otherwise::Unknown,
        }
    }
}

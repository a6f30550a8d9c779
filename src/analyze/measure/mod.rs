//! Measuring the facts of [`crate::facts`]: on a connection or conversation of one capture ([`measure`]).
//!
//! Every value has the frames that show it. What is counted is what Wireshark counts: a fact equals the field that it
//! names, and a test compares them with tshark.

mod answered;
mod closing;
mod flow;
mod frame;
mod handshake;
mod outcome;
mod part;
mod stream;
#[cfg(test)]
mod tests;
mod whole;

pub use outcome::{Found, Missing, Outcome};
pub use part::Part;
pub use stream::Stream;

use crate::facts::{End, Fact, Name, Value};

/// Measures a fact on a connection or conversation. Facts of a whole step are none of its.
///
/// # Errors
/// With the reason where there is no value.
pub fn measure(stream: &Stream, fact: &Fact, part: Part) -> Outcome {
    if !fact.over.has(stream.protocol) {
        return Err(Missing::Protocol);
    }
    match fact.name {
        Name::Constant(number) => Ok(Found::new(Value::Number(number), [])),
        Name::Step(_) => Err(Missing::NoData),
        Name::Ends(which) => Ok(whole::ends(stream, which)),
        Name::Whole(which) => whole::whole(stream, which, part.side),
        Name::Handshake(which) => handshake::handshake(stream, which, part.side.unwrap_or(End::Client)),
        Name::Marked(which) => whole::marked(stream, which, part.side),
        Name::Closing(which) => closing::closing(stream, which, part.side),
        Name::Flow(which) => flow::flow(stream, which, part.side.unwrap_or(End::Client)),
        Name::Frame(which) => frame::frame(stream, which, &frame::selected(stream, part)?),
        Name::Answered(which) => answered::answered(stream, which, part),
    }
}

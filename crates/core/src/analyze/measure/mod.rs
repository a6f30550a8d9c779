//! Measuring the facts of [`crate::facts`]: on a connection or conversation of one capture ([`measure`]).
//!
//! Every value has the frames that show it. What is counted is what Wireshark counts: a fact equals the field that it
//! names, and a test compares them with tshark.

mod answered;
mod closing;
mod extent;
mod flow;
mod frame;
mod handshake;
mod outcome;
mod part;
mod stream;
#[cfg(test)]
mod tests;
mod whole;

pub use outcome::{Found, Missing, Outcome, Uncaptured};
pub use part::Part;
pub use stream::Stream;

use crate::facts::{Fact, Name, Value, fact};

/// Measures a fact on a connection or conversation. Facts of a whole step are none of its.
///
/// # Errors
/// With the reason where there is no value.
pub fn measure(stream: &Stream, fact: &Fact, part: Part) -> Outcome {
    if !fact.over.has(stream.protocol) {
        return Err(Missing::Protocol);
    }
    let found = value(stream, fact.name, part)?;
    Ok(extent::with_extent(stream, fact.name, part, found))
}

/// What the capture shows, whether or not that is all.
fn value(stream: &Stream, name: Name, part: Part) -> Outcome {
    match name {
        Name::Constant(number) => Ok(Found::new(Value::Number(number), [])),
        Name::Words(words) => Ok(Found::new(Value::Words(words.to_vec()), [])),
        Name::Count(key) => listed(stream, key, part, |frames| Value::Number(frames as u64)),
        Name::Any(key) => listed(stream, key, part, |frames| Value::YesNo(frames > 0)),
        Name::Step(_) => Err(Missing::NoData),
        Name::Ends(which) => Ok(whole::ends(stream, which)),
        Name::Whole(which) => whole::whole(stream, which, part.side),
        Name::Handshake(which) => handshake::handshake(stream, which, part.side),
        Name::Marked(which) => whole::marked(stream, which, part.side),
        Name::Closing(which) => closing::closing(stream, which, part.side),
        Name::Flow(which) => flow::flow(stream, which, part.side),
        Name::Frame(which) => frame::frame(stream, which, &frame::selected(stream, part)?),
        Name::Answered(which) => answered::answered(stream, which, part),
        Name::Followed(which) => answered::followed(stream, which, part),
    }
}

/// What the number of frames in a list tells. Where it has none, it is the whole connection that shows that.
fn listed(stream: &Stream, key: &str, part: Part, tell: impl Fn(usize) -> Value) -> Outcome {
    let found = measure(stream, fact(key).ok_or(Missing::NoData)?, part)?;
    let Value::Frames(frames) = found.value else { return Err(Missing::NoData) };
    let value = tell(frames.len());
    Ok(if frames.is_empty() { Found::new(value, stream.frames) } else { Found::new(value, frames) })
}

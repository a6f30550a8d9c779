//! Why reading a capture file ends.

use super::error::CaptureError;
use super::input::{Fault, Input};
use super::model::{Format, WarningCode};

/// Why no further frame comes.
#[derive(Debug)]
pub(super) enum Stop {
    /// The end of the file, between two blocks or records.
    End,
    /// The end of the file in the middle of a block or record.
    Cut,
    /// Bytes that make no sense.
    Damaged(String),
    /// A section of a version that is not known.
    Version(u16, u16),
    /// More interfaces than this.
    Interfaces(usize),
    /// The compressed file or the operating system gives no more.
    Fault(Fault),
}

impl Stop {
    /// Why there is not even the beginning of a block or record.
    #[cold]
    pub(super) fn at_end(input: &Input<'_>) -> Stop {
        if input.available().is_empty() && input.fault().is_none() { Stop::End } else { Stop::cut(input) }
    }

    /// Why there is only the beginning of a block or record.
    #[cold]
    pub(super) fn cut(input: &Input<'_>) -> Stop {
        input.fault().map_or(Stop::Cut, |fault| Stop::Fault(fault.clone()))
    }

    /// The error when this happens before the first packet could begin.
    pub(super) fn into_error(self, format: Format, offset: u64) -> CaptureError {
        match self {
            Stop::End | Stop::Cut | Stop::Fault(Fault::Cut) => CaptureError::HeaderCut { format, offset },
            Stop::Damaged(reason) | Stop::Fault(Fault::Corrupt(reason)) => {
                CaptureError::HeaderDamaged { format, offset, reason }
            }
            Stop::Version(major, minor) => CaptureError::Version { format, major, minor },
            Stop::Interfaces(most) => {
                CaptureError::Limit { code: WarningCode::LimitInterfaces, reason: too_many_interfaces(most) }
            }
            Stop::Fault(Fault::Limit(code, reason)) => CaptureError::Limit { code, reason },
            Stop::Fault(Fault::Read(reason)) => CaptureError::Read(reason),
        }
    }
}

/// What is wrong with a file of more interfaces than are followed.
pub(super) fn too_many_interfaces(most: usize) -> String {
    format!("the file has more than {most} interfaces")
}

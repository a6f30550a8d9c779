//! Long lists of a report, made on two threads.

use std::io;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::cli::processors::processors;
use socklab_core::report::json::{Make, OneByOne, Pieces, Take};

/// Pieces that the second thread may be ahead.
const AHEAD: usize = 2;

/// Every second piece is made on a second thread.
pub(super) struct TwoThreads;

impl Pieces for TwoThreads {
    fn hand_on(&self, count: usize, make: &Make<'_>, take: &mut Take<'_>) -> io::Result<()> {
        if count < 2 || processors() == 1 {
            return OneByOne.hand_on(count, make, take);
        }
        share(count, make, take)
    }
}

fn share(count: usize, make: &Make<'_>, take: &mut Take<'_>) -> io::Result<()> {
    thread::scope(|scope| {
        let (sender, made) = sync_channel(AHEAD);
        let every_second = move || (1..count).step_by(2).try_for_each(|number| sender.send(make(number)).ok());
        let helper = thread::Builder::new().spawn_scoped(scope, every_second);
        for number in 0..count {
            // The other thread ends early only by a panic, which the scope passes on; where there is none, it is done here.
            let piece = match number % 2 == 1 && helper.is_ok() {
                true => made.recv().map_err(io::Error::other)?,
                false => make(number),
            };
            take(&piece?)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_order() {
        for count in [0, 1, 2, 3, 4, 1000] {
            let mut taken = Vec::new();
            share(count, &|number| Ok(number.to_string().into_bytes()), &mut |piece| {
                taken.push(String::from_utf8(piece.to_vec()).unwrap());
                Ok(())
            })
            .unwrap();
            assert!(taken.iter().map(|piece| piece.parse()).eq((0..count).map(Ok)));
        }
    }

    #[test]
    fn an_error_ends_both_threads() {
        let make = |number: usize| if number < 500 { Ok(vec![0]) } else { Err(io::ErrorKind::InvalidData.into()) };
        let error = share(1000, &make, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let error = share(1000, &|_| Ok(vec![0]), &mut |_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

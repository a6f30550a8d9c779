//! Work of the core, shared by two threads: the analysis of large captures, and long lists of a report.

use std::io;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::cli::processors::processors;
use socklab_core::analyze::together::{InTurn, Together};
use socklab_core::report::json::{Make, OneByOne, Pieces, Take};

/// Pieces that the second thread may be ahead.
const AHEAD: usize = 2;

/// Of two pieces of work, one is done on a second thread; of a list, every second piece is made there.
pub(super) struct TwoThreads;

impl Together for TwoThreads {
    fn both(&self, first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
        if processors() == 1 {
            return InTurn.both(first, second);
        }
        at_the_same_time(first, second);
    }
}

fn at_the_same_time(first: &mut (dyn FnMut() + Send), second: &mut (dyn FnMut() + Send)) {
    let waiting = Mutex::new(Some(second));
    let do_second = || {
        let second = waiting.lock().ok().and_then(|mut waiting| waiting.take());
        second.into_iter().for_each(|second| second());
    };
    thread::scope(|scope| {
        // Where there is no further thread, it is done here afterwards.
        let _ = thread::Builder::new().spawn_scoped(scope, do_second);
        first();
    });
    do_second();
}

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
    fn both_pieces_of_work_are_done_once() {
        let (mut first, mut second) = (0, 0);
        at_the_same_time(&mut || first += 1, &mut || second += 1);
        assert_eq!((first, second), (1, 1));
    }

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

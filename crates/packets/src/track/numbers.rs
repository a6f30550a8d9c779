//! Which number each stream has on Wireshark's screen, where that is not the order of the streams' records.
//!
//! Two things take numbers besides ordinary streams: headers quoted in ICMP errors, whose streams have a record like others
//! but no frames; and SNMP, whose dissector opens a second conversation for the pair of addresses, which takes a number of
//! its own. Both are rare, so that in most captures there is nothing here.

use foldhash::{HashMap, HashMapExt};

use super::pair::Pair;
use super::place::Place;
use crate::decode::snmp;
use crate::types::{FrameNumber, Protocol, StreamNumber};

/// The second number of a pair that spoke SNMP.
#[derive(Debug)]
struct Second {
    stream: Place,
    protocol: Protocol,
    /// The first SNMP frame: from there on Wireshark shows the second number.
    from: FrameNumber,
    /// How many streams had begun when the number was taken, at the pair's next frame; `None` if there was none.
    after: Option<usize>,
}

/// The second numbers, as they come up.
#[derive(Debug, Default)]
pub(super) struct SecondNumbers {
    /// In the order of their SNMP frames.
    seconds: Vec<Second>,
    /// Which of them a stream has.
    by_stream: HashMap<Place, usize>,
    /// Those whose number was taken, in that order.
    taken: Vec<usize>,
}

impl SecondNumbers {
    /// Whether the frames of a stream must be shown to [`SecondNumbers::pass`].
    #[inline]
    pub(super) fn concern(&self, pair: &Pair, stream: Place) -> bool {
        snmp::on_port(pair.protocol(), pair.ports()) && !self.has_taken(stream)
    }

    fn has_taken(&self, stream: Place) -> bool {
        let second = self.by_stream.get(&stream).and_then(|place| self.seconds.get(*place));
        second.is_some_and(|second| second.after.is_some())
    }

    /// Takes note of a frame of such a stream, or a quote of one. `streams` is how many have begun, this one included.
    pub(super) fn pass(
        &mut self,
        stream: Place,
        protocol: Protocol,
        frame: FrameNumber,
        is_snmp: bool,
        streams: usize,
    ) {
        if let Some(place) = self.by_stream.get(&stream) {
            let Some(second) = self.seconds.get_mut(*place) else { return };
            if second.after.is_none() {
                second.after = Some(streams);
                self.taken.push(*place);
            }
        } else if is_snmp {
            self.by_stream.insert(stream, self.seconds.len());
            self.seconds.push(Second { stream, protocol, from: frame, after: None });
        }
    }

    /// In the order of their numbers: those that were not taken while frames came are taken after the last one.
    fn in_order(&self) -> impl Iterator<Item = &Second> {
        let taken = self.taken.iter().filter_map(|place| self.seconds.get(*place));
        taken.chain(self.seconds.iter().filter(|second| second.after.is_none()))
    }
}

impl Second {
    /// Whether its number was taken before the stream at this place began.
    fn is_taken_before(&self, place: u32) -> bool {
        self.after.is_some_and(|streams| u64::try_from(streams).is_ok_and(|streams| streams <= u64::from(place)))
    }
}

/// The streams of one protocol, by number.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The places of their records.
    places: Vec<u32>,
    /// Their numbers, where those are not 0, 1, 2 …
    numbers: Option<Vec<u32>>,
    /// Streams that go on under a second number.
    split: Vec<Split>,
}

/// A stream that Wireshark shows under two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The number of its first frame, which is the stream's here.
    pub stream: StreamNumber,
    /// The first frame that Wireshark shows under another number.
    pub from: FrameNumber,
    /// That number.
    pub second: StreamNumber,
}

impl Numbers {
    /// Numbers the streams of TCP and those of UDP, which are given in the order of their records: the protocol of each, and
    /// whether it has frames, not only quotes. `first_frame` tells that of the stream at a place.
    pub(super) fn of_both(
        streams: impl Iterator<Item = (Protocol, bool)>,
        first_frame: impl Fn(u32) -> Option<FrameNumber>,
        seconds: &SecondNumbers,
    ) -> [Numbers; 2] {
        let (mut tcp, mut udp) = (Counting::new(Protocol::Tcp, seconds), Counting::new(Protocol::Udp, seconds));
        // Places are 32-bit numbers.
        for ((protocol, has_frames), place) in streams.zip(0_u32..) {
            let counting = if protocol == Protocol::Tcp { &mut tcp } else { &mut udp };
            counting.count(place, has_frames, &first_frame);
        }
        [tcp, udp].map(Counting::finish)
    }

    /// How many streams there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The places of the streams' records, by number.
    pub(super) fn places(&self) -> &[u32] {
        &self.places
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = StreamNumber> + '_ {
        (0..self.len()).filter_map(|position| self.number(position))
    }

    /// The place of the record of a stream.
    pub(super) fn place(&self, stream: StreamNumber) -> Option<u32> {
        let position = match &self.numbers {
            None => usize::try_from(stream.0).ok()?,
            Some(numbers) => numbers.binary_search(&stream.0).ok()?,
        };
        self.places.get(position).copied()
    }

    /// The streams that Wireshark shows under two numbers.
    pub(super) fn split(&self) -> &[Split] {
        &self.split
    }

    /// The number of the stream at this position by number.
    pub(super) fn number(&self, position: usize) -> Option<StreamNumber> {
        match &self.numbers {
            None => u32::try_from(position).ok().map(StreamNumber),
            Some(numbers) => numbers.get(position).copied().map(StreamNumber),
        }
    }

    fn push(&mut self, number: u32, place: u32) {
        if self.numbers.is_none() && usize::try_from(number) != Ok(self.places.len()) {
            self.numbers = Some((0..).take(self.places.len()).collect());
        }
        self.places.push(place);
        self.numbers.iter_mut().for_each(|numbers| numbers.push(number));
    }

    /// A first number that was kept back until the second one was known comes after greater ones.
    fn sort(&mut self) {
        let Some(numbers) = &mut self.numbers else { return };
        let mut pairs: Vec<(u32, u32)> = numbers.iter().copied().zip(self.places.iter().copied()).collect();
        pairs.sort_unstable();
        (*numbers, self.places) = pairs.into_iter().unzip();
    }
}

/// Numbers of one protocol given out so far.
struct Counting<'a> {
    found: Numbers,
    next: u32,
    /// The first number and frame of each stream that has a second number.
    firsts: HashMap<u32, (u32, Option<FrameNumber>)>,
    seconds: &'a SecondNumbers,
    /// Those of the protocol whose numbers are still to be taken, the next one last.
    left: Vec<&'a Second>,
}

impl<'a> Counting<'a> {
    fn new(protocol: Protocol, seconds: &'a SecondNumbers) -> Counting<'a> {
        let mut left: Vec<&Second> = seconds.in_order().filter(|second| second.protocol == protocol).collect();
        left.reverse();
        Counting { found: Numbers::default(), next: 0, firsts: HashMap::new(), seconds, left }
    }

    /// Numbers the protocol's stream at this place.
    fn count(&mut self, place: u32, has_frames: bool, first_frame: impl Fn(u32) -> Option<FrameNumber>) {
        while let Some(second) = self.left.pop_if(|second| second.is_taken_before(place)) {
            self.take_second(second);
        }
        let number = self.number();
        if self.seconds.by_stream.contains_key(&Place::new(place)) {
            self.firsts.insert(place, (number, first_frame(place).filter(|_| has_frames)));
        } else if has_frames {
            self.found.push(number, place);
        }
    }

    fn finish(mut self) -> Numbers {
        while let Some(second) = self.left.pop() {
            self.take_second(second);
        }
        self.found.sort();
        // It grew to twice its size, where there may be millions.
        self.found.places.shrink_to_fit();
        self.found
    }

    fn number(&mut self) -> u32 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    fn take_second(&mut self, second: &Second) {
        let number = self.number();
        let place = second.stream.number();
        let Some((first, Some(first_frame))) = self.firsts.get(&place).copied() else { return };
        if second.from <= first_frame {
            return self.found.push(number, place);
        }
        self.found.push(first, place);
        let (stream, second_number) = (StreamNumber(first), StreamNumber(number));
        self.found.split.push(Split { stream, from: second.from, second: second_number });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Streams by protocol and first frame; seconds by place of the stream, SNMP frame, and streams begun when taken.
    fn numbers(streams: &[(Protocol, Option<u64>)], seconds: &[(u32, u64, Option<usize>)]) -> [Vec<(u32, u32)>; 2] {
        let mut second_numbers = SecondNumbers::default();
        for (place, from, _) in seconds {
            let protocol = streams[*place as usize].0;
            second_numbers.pass(Place::new(*place), protocol, FrameNumber(*from), true, 0);
        }
        let mut taken: Vec<_> =
            seconds.iter().filter_map(|(place, from, after)| Some((after.as_ref()?, place, from))).collect();
        taken.sort();
        for (after, place, from) in taken {
            second_numbers.pass(Place::new(*place), streams[*place as usize].0, FrameNumber(*from + 1), true, *after);
        }
        let all = streams.iter().map(|(protocol, first)| (*protocol, first.is_some()));
        let first_frame = |place: u32| streams[place as usize].1.map(FrameNumber);
        Numbers::of_both(all, first_frame, &second_numbers)
            .map(|numbers| numbers.iter().map(|number| number.0).zip(numbers.places().iter().copied()).collect())
    }

    use Protocol::{Tcp, Udp};

    #[test]
    fn each_protocol_counts_apart_and_quotes_leave_gaps() {
        let streams = [(Tcp, Some(1)), (Udp, None), (Udp, Some(2)), (Tcp, None), (Tcp, Some(9))];
        assert_eq!(numbers(&streams, &[]), [vec![(0, 0), (2, 4)], vec![(1, 2)]]);
    }

    /// Four polls with answers, from four ports: 1, 3, 5, 7. Eight unanswered ones: 8 to 15.
    #[test]
    fn polls_take_two_numbers() {
        let four: Vec<_> = (0..4).map(|place| (Udp, Some(2 * place + 1))).collect();
        let answered: Vec<_> =
            (0..4).map(|place| (place, u64::from(2 * place + 1), Some(place as usize + 1))).collect();
        assert_eq!(numbers(&four, &answered)[1], [(1, 0), (3, 1), (5, 2), (7, 3)]);
        let eight: Vec<_> = (1..9).map(|frame| (Udp, Some(frame))).collect();
        let unanswered: Vec<_> = (0..8).map(|place| (place, u64::from(place + 1), None)).collect();
        assert_eq!(numbers(&eight, &unanswered)[1], (0..8).map(|place| (8 + place, place)).collect::<Vec<_>>());
    }

    #[test]
    fn a_pair_that_speaks_snmp_later_keeps_its_first_number() {
        assert_eq!(numbers(&[(Udp, Some(1)), (Udp, Some(3))], &[(0, 2, Some(2))])[1], [(0, 0), (1, 1)]);
        assert_eq!(numbers(&[(Udp, Some(1)), (Udp, Some(3))], &[(1, 3, Some(2))])[1], [(0, 0), (2, 1)]);
        assert_eq!(numbers(&[(Udp, None), (Udp, Some(3))], &[(0, 1, None)])[1], [(1, 1)]);
    }
}

//! Frames that fit several entries of the form, or none of them well: where they may be given, and where left out.

use std::collections::{BTreeSet, HashMap};

use socklab_core::analyze::conversation::roles::{FrameRole, RoleOfFrame};
use socklab_packets::packet::TcpFlags;
use socklab_packets::track::{FrameNote, Side};
use socklab_packets::types::{FrameNumber, SocketAddress};

type Frames = BTreeSet<u64>;

/// The key of the list of closing frames, and the fact of that name.
pub(super) const CLOSING: &str = "closing_frames";

/// The frames of some connections that may stand in another list than that of their role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Leeway {
    /// The acknowledgements that complete a handshake and carry nothing.
    completing: Frames,
    /// Those that answer a repeated SYN-ACK.
    completing_again: Frames,
    /// Those of a FIN.
    of_fin: Frames,
    /// Frames with data that are the first to acknowledge a FIN.
    data_after_fin: Frames,
    /// Payload that was sent before, and that of keep-alives.
    payload_again: Frames,
    syn_again: Frames,
    fin_again: Frames,
    /// What neither carries data nor acknowledges: keep-alives, segments without a flag.
    neither: Frames,
    /// SYN and SYN-ACK with the same sent again, of which the other end may have seen the second only.
    instead: BTreeSet<(u64, u64)>,
    /// Frames with what is captured of them once more.
    copies: BTreeSet<(u64, u64)>,
    /// Frames of attempts in the same file that made no connection.
    in_vain: Frames,
    /// Those of them that end something.
    ends_in_vain: Frames,
    /// The clients of such attempts.
    clients_in_vain: BTreeSet<SocketAddress>,
    /// The acknowledgements of a side after the other one's FIN.
    after_fin: Frames,
    /// Whether each side has sent a FIN, of the connection whose frames are noted.
    has_ended: [bool; 2],
}

/// What may stand in a list, and what may lack in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Allowed {
    /// Frames that are none too many.
    pub(super) more: Frames,
    /// Frames that nobody misses.
    pub(super) less: Frames,
    /// Frames that are wanted with those that may stand in their place.
    pub(super) instead: BTreeSet<(u64, u64)>,
    /// Frames of which the question does not tell whether they belong to the list.
    pub(super) unclear: Frames,
    /// Socket addresses that are none too many: that of a client that found no server is a client's all the same.
    pub(super) clients: BTreeSet<SocketAddress>,
}

impl Leeway {
    /// Takes note of a connection's next frame.
    fn note(&mut self, frame: &RoleOfFrame) {
        let number = frame.note.frame.0;
        let has_payload = frame.note.payload_length > 0;
        let again = frame.role == FrameRole::Retransmission;
        let is_bare = !has_payload && !frame.has_fin() && !frame.has_syn() && !frame.has_rst();
        let is_acknowledgement = is_bare && frame.note.flags.has(TcpFlags::ACK);
        let mut add = |is: bool, to: fn(&mut Leeway) -> &mut Frames| {
            if is {
                to(self).insert(number);
            }
        };
        add(frame.role == FrameRole::Handshake && is_acknowledgement, |own| &mut own.completing);
        add(frame.role == FrameRole::Closing && is_acknowledgement, |own| &mut own.of_fin);
        add(has_payload && !frame.carries_data(), |own| &mut own.payload_again);
        add(again && frame.has_syn(), |own| &mut own.syn_again);
        add(again && frame.has_fin(), |own| &mut own.fin_again);
        add(matches!(frame.role, FrameRole::KeepAlive | FrameRole::Other), |own| &mut own.neither);
        let [own, other] = match frame.note.sender {
            Side::Originator => [0, 1],
            Side::Responder => [1, 0],
        };
        let other_has_ended = self.has_ended.get(other).copied().unwrap_or_default();
        if is_acknowledgement && other_has_ended {
            self.after_fin.insert(number);
        }
        if let Some(has_ended) = self.has_ended.get_mut(own) {
            *has_ended |= frame.has_fin();
        }
    }

    /// What of it is about the closing frames alone.
    pub(super) fn of_closing(&self) -> Leeway {
        let Leeway { of_fin, data_after_fin, fin_again, after_fin, .. } = self.clone();
        Leeway { of_fin, data_after_fin, fin_again, after_fin, ..Leeway::default() }
    }

    /// The same without what opening leaves to the list of acknowledgements.
    pub(super) fn without_opening(self) -> Leeway {
        Leeway { completing: Frames::new(), ..self }
    }

    /// Takes note of the frames of a connection, in their order, of which some were captured `twice`.
    pub(super) fn note_all(&mut self, frames: &[RoleOfFrame], twice: &[FrameNumber]) {
        let is_copy = |frame: &RoleOfFrame| twice.binary_search(&frame.note.frame).is_ok();
        let mut last: HashMap<_, u64> = HashMap::new();
        for frame in frames {
            let FrameNote { sender, sequence, acknowledgement, payload_length, flags, .. } = frame.note;
            let segment = (sender, sequence, acknowledgement, payload_length, flags.0);
            if is_copy(frame) {
                self.copies.extend(last.get(&segment).map(|first| (*first, frame.note.frame.0)));
                continue;
            }
            last.insert(segment, frame.note.frame.0);
            self.note(frame);
        }
        self.data_after_fin.extend(data_after_fins(frames));
        let has_ack = |frame: &RoleOfFrame| frame.note.flags.has(TcpFlags::ACK);
        let opens = |frame: &&RoleOfFrame| frame.has_syn() && frame.role == FrameRole::Handshake;
        for first in frames.iter().filter(opens) {
            let is_it = |frame: &&RoleOfFrame| {
                frame.has_syn()
                    && frame.role == FrameRole::Retransmission
                    && has_ack(frame) == has_ack(first)
                    && !is_copy(frame)
            };
            let again = frames.iter().filter(is_it).map(|again| (first.note.frame.0, again.note.frame.0));
            self.instead.extend(again);
        }
        let of_first = |frame: &&RoleOfFrame| frame.note.sender == Side::Originator && !is_copy(frame);
        let repeats = |frame: &&RoleOfFrame| {
            frame.has_syn()
                && frame.role == FrameRole::Retransmission
                && frame.note.sender == Side::Responder
                && !is_copy(frame)
        };
        for again in frames.iter().filter(repeats) {
            let mut after = frames.iter().filter(|frame| frame.note.frame > again.note.frame);
            let acknowledges_syn = |frame: &&RoleOfFrame| {
                frame.role == FrameRole::Acknowledgement && frame.note.relative_acknowledgement == 1
            };
            let answer = after.find(of_first).filter(acknowledges_syn);
            self.completing_again.extend(answer.map(|frame| frame.note.frame.0));
        }
    }

    /// Takes note of a frame of an attempt that made no connection.
    pub(super) fn note_in_vain(&mut self, frame: &RoleOfFrame) {
        self.in_vain.insert(frame.note.frame.0);
        if frame.has_rst() || frame.has_fin() {
            self.ends_in_vain.insert(frame.note.frame.0);
        }
    }

    /// Takes note of the client of such an attempt.
    pub(super) fn note_client_in_vain(&mut self, client: SocketAddress) {
        self.clients_in_vain.insert(client);
    }

    /// The same of further connections.
    pub(super) fn extend(&mut self, other: &Leeway) {
        self.completing.extend(&other.completing);
        self.completing_again.extend(&other.completing_again);
        self.of_fin.extend(&other.of_fin);
        self.data_after_fin.extend(&other.data_after_fin);
        self.payload_again.extend(&other.payload_again);
        self.syn_again.extend(&other.syn_again);
        self.fin_again.extend(&other.fin_again);
        self.neither.extend(&other.neither);
        self.instead.extend(&other.instead);
        self.copies.extend(&other.copies);
        self.in_vain.extend(&other.in_vain);
        self.ends_in_vain.extend(&other.ends_in_vain);
        self.clients_in_vain.extend(&other.clients_in_vain);
        self.after_fin.extend(&other.after_fin);
    }

    /// What is allowed of the list with this key, beside the others.
    pub(super) fn of(&self, key: &str, list: impl Fn(&str) -> Frames) -> Allowed {
        let mut allowed = self.by_role(key);
        // What is captured twice may be listed twice, or by either of its frames.
        if !self.copies.is_empty() {
            let fitting = &list(key) | &allowed.more;
            let copies = self.copies.iter().filter(|(first, _)| fitting.contains(first));
            for (first, copy) in copies {
                allowed.more.insert(*copy);
                allowed.instead.insert((*first, *copy));
            }
        }
        allowed
    }

    /// The same of frames that were captured once.
    fn by_role(&self, key: &str) -> Allowed {
        match key {
            "handshake_frames" => Allowed {
                more: &self.syn_again | &self.completing_again,
                instead: self.instead.clone(),
                unclear: self.in_vain.clone(),
                ..Allowed::default()
            },
            "data_frames" => Allowed { more: self.payload_again.clone(), ..Allowed::default() },
            "acknowledgement_frames" => {
                let less = &self.neither | &self.completing_again;
                Allowed { more: &self.completing | &self.of_fin, less, ..Allowed::default() }
            }
            // Who counts the last acknowledgement to the closing is right, and who counts it to the others. What a side
            // acknowledges after its own FIN alone is data.
            CLOSING => {
                let (more, less) = (&self.after_fin | &self.fin_again, &self.of_fin | &self.data_after_fin);
                Allowed { more, less, unclear: self.ends_in_vain.clone(), ..Allowed::default() }
            }
            "client_socket_addresses" | "clients" => {
                Allowed { clients: self.clients_in_vain.clone(), ..Allowed::default() }
            }
            _ => Allowed::default(),
        }
    }
}

/// The frames that are the first to acknowledge a side's FIN, where they carry data: the other side goes on sending.
fn data_after_fins(frames: &[RoleOfFrame]) -> impl Iterator<Item = u64> {
    [Side::Originator, Side::Responder].into_iter().filter_map(|side| {
        let fin = frames.iter().find(|frame| frame.note.sender == side && frame.has_fin())?.note;
        let end = fin.relative_sequence.wrapping_add(fin.occupied());
        let acknowledges =
            |note: &FrameNote| note.acknowledges() && note.relative_acknowledgement.wrapping_sub(end) <= u32::MAX / 2;
        let mut later = frames.iter().filter(|frame| frame.note.frame > fin.frame && frame.note.sender != side);
        let first = later.find(|frame| acknowledges(&frame.note))?;
        let carries_data = first.note.payload_length > 0 && !first.has_fin() && !first.has_rst();
        carries_data.then_some(first.note.frame.0)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::judge;
    use super::super::testing::{case, item, lab};
    use crate::form::Form;
    use crate::result::Verdict;
    use crate::rubric::Rubric;
    use socklab_core::analyze::analysis::Analysis;
    use socklab_core::analyze::testing::Story;
    use socklab_core::analyze::{analyze, lab_file};

    /// Handshake 1 to 3, data 4 and 6, of which 6 is sent again as 8, acknowledgements 5, 7 and 9; FIN 10 and 11, ACK 12.
    fn closed() -> Analysis {
        let mut story = Story::new("step8", 0);
        let mut tcp = Story::tcp("10.0.3.2:39700", "10.0.3.1:65432");
        story.handshake(&mut tcp);
        story.line(&mut tcp, "one\n");
        story.line_and_again(&mut tcp, "two\n", [1, 2]);
        story.close(&mut tcp);
        lab(vec![story.read()])
    }

    #[test]
    fn what_fits_two_lists_is_right_in_either() {
        let analysis = closed();
        for (key, right) in [
            ("data_frames", "4, 6"),
            ("data_frames", "4, 6, 8"),
            ("acknowledgement_frames", "5, 7, 9"),
            ("acknowledgement_frames", "5, 7, 9, 12"),
            ("closing_frames", "10-12"),
            ("closing_frames", "10, 11"),
        ] {
            let item = item(&analysis, "I.1a", key, &json!(right));
            assert_eq!(item.verdict, Verdict::Right, "{key} {right}: {item:?}");
        }
        for (key, wrong) in [
            ("handshake_frames", "1, 2"),
            ("data_frames", "4, 8"),
            ("data_frames", "4, 5, 6"),
            ("acknowledgement_frames", "1, 5, 7, 9"),
            ("acknowledgement_frames", "2, 3, 5, 7, 9"),
            ("acknowledgement_frames", "5, 7, 8, 9"),
            ("acknowledgement_frames", "5, 7, 9-12"),
            ("closing_frames", "10, 12"),
            ("closing_frames", "9-12"),
            ("closing_frames", "none"),
        ] {
            let item = item(&analysis, "I.1a", key, &json!(wrong));
            assert_eq!(item.verdict, Verdict::Wrong, "{key} {wrong}: {item:?}");
        }
    }

    /// The form says that those of opening are not counted; here 3 may also be the number of the others.
    #[test]
    fn the_acknowledgement_of_the_handshake_is_no_other() {
        let analysis = closed();
        let item = |given: &str| item(&analysis, "I.1a", "acknowledgement_frames", &json!(given));
        assert_eq!(item("3, 5, 7, 9").verdict, Verdict::ForAHuman);
        let one_less = item("3, 5, 7");
        assert_eq!(
            (one_less.verdict, one_less.why.as_deref()),
            (Verdict::Wrong, Some("2 of 3 are right, 1 too many."))
        );
    }

    /// The client's FIN is frame 4. The server still sends a line in 6, which 7 acknowledges; its FIN is 8, and 9 acknowledges
    /// that.
    #[test]
    fn what_a_client_acknowledges_after_its_own_fin_alone_does_not_close() {
        let mut story = Story::new("step8", 0);
        let mut tcp = Story::tcp("10.0.3.2:39700", "10.0.3.1:65432");
        story.handshake(&mut tcp);
        story.half_close(&mut tcp);
        story.segment_of_server(&mut tcp, "the last line\n");
        story.half_close_of_server(&mut tcp);
        let analysis = lab(vec![story.read()]);
        for right in ["4, 5, 8, 9", "4, 8, 9", "4, 8"] {
            let item = item(&analysis, "I.1a", "closing_frames", &json!(right));
            assert_eq!(item.verdict, Verdict::Right, "{right}: {item:?}");
        }
        for (wrong, why) in
            [("4, 5, 7, 8, 9", "4 of 4 are right, 1 too many."), ("4-9", "4 of 4 are right, 2 too many.")]
        {
            let item = item(&analysis, "I.1a", "closing_frames", &json!(wrong));
            assert_eq!((item.verdict, item.why.as_deref()), (Verdict::Wrong, Some(why)), "{wrong}: {item:?}");
        }
    }

    /// The client's FIN is frame 4. The server acknowledges it with data in 5; its FIN is 7, and 8 acknowledges that.
    #[test]
    fn data_that_acknowledges_a_fin_may_be_left_out_of_the_closing_frames() {
        let sheet = "[[host]]\nname = \"S\"\nrole = \"server\"\n[[host]]\nname = \"B\"\nrole = \"client\"\n\
                     [[step]]\nnumber = 1\ndoes = \"clients\"\nprotocol = \"tcp\"\nclient = \"B\"\n\
                     [[question]]\nnumber = 1\ntitle = \"Run\"\npoints = 1\nkind = \"facts\"\nsteps = [\"1\"]\n\
                     [question.facts]\nclose = { ask = \"frames\", fact = \"closing_frames\" }\n";
        let config = lab_file(sheet).unwrap();
        let mut story = Story::new("one", 0);
        let mut tcp = Story::tcp("10.0.3.2:40001", "10.0.3.1:7000");
        story.handshake(&mut tcp);
        story.half_close_answered(&mut tcp, "apple\n");
        story.half_close_of_server(&mut tcp);
        let analysis = analyze(vec![story.read()], &[], &config);
        for (given, verdict) in [
            ("4, 5, 7, 8", Verdict::Right),
            ("4, 7", Verdict::Right),
            ("4, 7, 8", Verdict::Right),
            ("4, 5, 7", Verdict::Right),
            ("4, 5", Verdict::Wrong),
            ("7, 8", Verdict::Wrong),
        ] {
            let (form, _) = Form::read(&format!("[\"1\"]\nclose = \"{given}\"\n"), &config.sheet);
            let case = case(&analysis, Some(&form), 1);
            let judged = judge(&case, &Rubric::new(&config));
            assert_eq!(judged.questions[0].verdict, verdict, "{given}: {:?}", judged.questions[0].items);
        }
    }

    /// A list that lacks what nobody misses is worth no more than the whole.
    #[test]
    fn a_part_is_paid_by_what_is_asked() {
        let analysis = closed();
        let share = |given: &str| {
            let item = item(&analysis, "I.1a", "closing_frames", &json!(given));
            (item.points, item.why.unwrap_or_default())
        };
        let (two, one) = (share("10, 12"), share("10"));
        assert_eq!(two.1, "2 of 3 are right, 0 too many.");
        assert_eq!(one.1, "1 of 2 are right, 0 too many.");
        assert!(one.0 < two.0 && two.0 < share("10, 11").0);
        assert_eq!(share("10, 11, 4").1, "2 of 2 are right, 1 too many.");
    }

    /// The first SYN was lost: the second one was answered. A capture cannot tell which of the two was.
    #[test]
    fn either_syn_opens_the_connection_if_it_was_sent_again() {
        let mut story = Story::new("step8", 0);
        let mut tcp = Story::tcp("10.0.3.2:39700", "10.0.3.1:65432");
        story.syns(Story::tcp("10.0.3.2:39700", "10.0.3.1:65432"), 1);
        story.wait(1000);
        story.handshake(&mut tcp);
        story.line(&mut tcp, "one\n");
        let analysis = lab(vec![story.read()]);
        let verdict = |given: &str| item(&analysis, "I.1a", "handshake_frames", &json!(given)).verdict;
        assert_eq!(["1, 3, 4", "2, 3, 4", "1-4"].map(verdict), [Verdict::Right; 3]);
        assert_eq!(["3, 4", "1, 2, 3", "1, 2, 4", "2-5"].map(verdict), [Verdict::Wrong; 4]);
    }

    /// Handshake 1 to 3; 4 is the SYN-ACK again, and 5 the acknowledgement of it. The line is 6, its acknowledgement 7.
    #[test]
    fn the_acknowledgement_of_a_repeated_syn_ack_fits_both_lists() {
        let mut story = Story::new("step8", 0);
        let mut tcp = Story::tcp("10.0.3.2:39700", "10.0.3.1:65432");
        story.handshake_completed_again(&mut tcp);
        story.line(&mut tcp, "one\n");
        let analysis = lab(vec![story.read()]);
        let verdict = |key: &str, given: &str| item(&analysis, "I.1a", key, &json!(given)).verdict;
        for given in ["1-3", "1-5", "1, 3, 4", "1-3, 5"] {
            assert_eq!(verdict("handshake_frames", given), Verdict::Right, "{given}");
        }
        assert_eq!(verdict("handshake_frames", "1-5, 7"), Verdict::Wrong);
        let of_acknowledgements = ["7", "5, 7", "3, 5, 7", "5", "4, 7"];
        assert_eq!(
            of_acknowledgements.map(|given| verdict("acknowledgement_frames", given)),
            [Verdict::Right, Verdict::Right, Verdict::Wrong, Verdict::Wrong, Verdict::Wrong]
        );
    }

    /// Handshake 1 to 3; 4 is a line and 5 the same captured again; 6 is another line, which 7 acknowledges.
    #[test]
    fn a_frame_that_was_captured_twice_may_be_listed_twice() {
        let mut story = Story::new("step8", 0);
        let mut tcp = Story::tcp("10.0.3.2:39700", "10.0.3.1:65432");
        story.handshake(&mut tcp);
        story.line_captured_twice(&mut tcp, "one\n");
        story.line(&mut tcp, "two\n");
        let analysis = lab(vec![story.read()]);
        let verdicts = |key: &str, all: &[&str]| -> Vec<Verdict> {
            all.iter().map(|given| item(&analysis, "I.1a", key, &json!(given)).verdict).collect()
        };
        assert_eq!(verdicts("data_frames", &["4, 6", "4, 5, 6", "5, 6"]), [Verdict::Right; 3]);
        assert_eq!(verdicts("data_frames", &["4, 5", "4-7", "6"]), [Verdict::Wrong; 3]);
        assert_eq!(verdicts("acknowledgement_frames", &["7", "5, 7"]), [Verdict::Right, Verdict::Wrong]);
        assert_eq!(verdicts("handshake_frames", &["1-3", "1-3, 5"]), [Verdict::Right, Verdict::Wrong]);
    }
}

//! gzip, Zstandard and LZ4 in front of a capture, told by content.
//!
//! Several members or frames behind each other are one stream, as for Wireshark, and skippable frames are passed over.
//! What was compressed twice is not unpacked twice. Data up to a cut or damage are delivered, then the [`Fault`] is told.
//! Bounded by [`Limits::inflation_ratio`] and [`Limits::zstd_window_bytes`].

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder as ZstdDecoder};

use super::input::{Fault, Input};
use super::model::{Compression, WarningCode};
use crate::limits::Limits;

/// Bytes that a file may become whatever its size.
const ALWAYS_ALLOWED: u64 = 16 * 1024 * 1024;

/// The compression that these first bytes of a file stand for.
pub(crate) fn compression(bytes: &[u8]) -> Option<Compression> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
        _ => None,
    }
}

/// Whether a skippable frame begins here (RFC 8878 section 3.1.2, the same in the LZ4 frame format), and its length.
fn skippable(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => Some(u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + 8),
        _ => None,
    }
}

/// The input, unpacked where it is compressed.
pub(crate) fn unpacked<'a>(mut input: Input<'a>, limits: &Limits) -> (Option<Compression>, Input<'a>) {
    while input.fill(8)
        && let Some(length) = skippable(input.available())
    {
        input.cut_out(0, length);
    }
    input.fill(4);
    let found = compression(input.available());
    match found {
        None => (None, input),
        Some(_) => (found, Input::new(Box::new(Inflate::new(input, *limits)))),
    }
}

/// The decompressor over a compressed file.
struct Inflate<'a> {
    state: State<'a>,
    limits: Limits,
    /// Bytes given out.
    produced: u64,
    fault: Option<Fault>,
    /// Decoders of members that ended, for the next ones: a file may have millions of small members.
    spare_gzip: Option<Box<Gzip>>,
    spare_zstd: Option<Box<ZstdDecoder>>,
}

/// Where the decompressor stands; the source travels with it.
enum State<'a> {
    Between(Source<'a>),
    Gzip(Source<'a>, Box<Gzip>),
    Zstd(Source<'a>, Box<ZstdDecoder>),
    Lz4(Box<lz4_flex::frame::FrameDecoder<Source<'a>>>),
    Ended,
}

impl<'a> Inflate<'a> {
    fn new(input: Input<'a>, limits: Limits) -> Self {
        let source = Source { input, hit_end: false };
        Inflate { state: State::Between(source), limits, produced: 0, fault: None, spare_gzip: None, spare_zstd: None }
    }

    /// Some bytes, or none: at the end, at a fault, or only because the state changed.
    fn step(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Between(source) => {
                self.state = self.begin(source)?;
                Ok(0)
            }
            State::Gzip(mut source, mut gzip) => {
                let (length, more) = gzip.read(&mut source, out);
                self.state = match more {
                    Ok(true) => State::Gzip(source, gzip),
                    Ok(false) => {
                        self.spare_gzip = Some(gzip);
                        State::Between(source)
                    }
                    Err(fault) => {
                        self.fault = Some(fault);
                        State::Ended
                    }
                };
                Ok(length)
            }
            State::Zstd(mut source, mut decoder) => {
                if decoder.can_collect() == 0 && !decoder.is_finished() {
                    self.fault = zstd_block(&mut source, &mut decoder).err();
                }
                let length = decoder.read(out).map_err(|error| Fault::Corrupt(error.to_string()))?;
                self.state = match length {
                    0 if decoder.is_finished() || self.fault.is_some() => {
                        if self.fault.is_none() {
                            zstd_checksum(&decoder)?;
                        }
                        self.spare_zstd = Some(decoder);
                        State::Between(source)
                    }
                    _ => State::Zstd(source, decoder),
                };
                Ok(length)
            }
            State::Lz4(mut decoder) => {
                let result = decoder.read(out);
                let cut = decoder.get_ref().hit_end;
                self.state = match &result {
                    Ok(0) if !lz4_follows(decoder.get_mut()) => State::Between(decoder.into_inner()),
                    _ => State::Lz4(decoder),
                };
                match result {
                    Ok(0) if cut => Err(Fault::Cut),
                    Err(error) if cut || error.kind() == ErrorKind::UnexpectedEof => Err(Fault::Cut),
                    Err(error) => Err(Fault::Corrupt(format!("the LZ4 data are damaged ({error})"))),
                    Ok(length) => Ok(length),
                }
            }
            State::Ended => Ok(0),
        }
    }

    /// The state at the beginning of a member or frame, or at the end of the file.
    fn begin(&mut self, mut source: Source<'a>) -> Result<State<'a>, Fault> {
        while source.input.fill(8)
            && let Some(length) = skippable(source.input.available())
        {
            if !source.input.cut_out(0, length) {
                return Err(Fault::Cut);
            }
        }
        if !source.input.fill(1) {
            return source.input.fault().cloned().map_or(Ok(State::Ended), Err);
        }
        source.input.fill(4);
        match compression(source.input.available()) {
            Some(Compression::Gzip) => {
                gzip_header(&mut source)?;
                let mut gzip = self.spare_gzip.take().unwrap_or_else(Gzip::new);
                gzip.reset();
                Ok(State::Gzip(source, gzip))
            }
            Some(Compression::Zstd) => {
                let mut decoder = self.spare_zstd.take().unwrap_or_else(|| Box::new(ZstdDecoder::new()));
                decoder.set_max_window_size(self.limits.zstd_window_bytes);
                decoder.init(&mut source).map_err(|error| zstd_fault(&source, error))?;
                Ok(State::Zstd(source, decoder))
            }
            Some(Compression::Lz4) => Ok(State::Lz4(Box::new(lz4_flex::frame::FrameDecoder::new(source)))),
            None => Err(Fault::Corrupt("other bytes follow the end of the compressed data".to_owned())),
        }
    }

    /// Bytes of the compressed file used so far.
    fn used(&self) -> u64 {
        match &self.state {
            State::Between(source) | State::Gzip(source, _) | State::Zstd(source, _) => source.input.offset(),
            State::Lz4(decoder) => decoder.get_ref().input.offset(),
            State::Ended => u64::MAX,
        }
    }

    fn check_ratio(&self) -> Result<(), Fault> {
        if self.produced > self.limits.inflated_bytes {
            let most = self.limits.inflated_bytes;
            return Err(Fault::Limit(
                WarningCode::LimitInflation,
                format!("the compressed data grow to more than {most} bytes"),
            ));
        }
        let allowed = self.used().saturating_mul(self.limits.inflation_ratio).max(ALWAYS_ALLOWED);
        if self.produced <= allowed {
            return Ok(());
        }
        let ratio = self.limits.inflation_ratio;
        Err(Fault::Limit(
            WarningCode::LimitInflation,
            format!("the compressed data grow to more than {ratio} times their size"),
        ))
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if matches!(self.state, State::Ended) || self.fault.is_some() && !matches!(self.state, State::Zstd(..)) {
                return self.fault.clone().map_or(Ok(0), |fault| Err(io::Error::other(fault)));
            }
            match self.step(out) {
                Ok(0) => {}
                Ok(length) => {
                    self.produced = self.produced.saturating_add(length as u64);
                    if let Err(fault) = self.check_ratio() {
                        self.fault = Some(fault);
                        self.state = State::Ended;
                    }
                    return Ok(length);
                }
                Err(fault) => {
                    self.fault = Some(fault);
                    self.state = State::Ended;
                }
            }
        }
    }
}

/// Whether another LZ4 frame begins here, which the decoder takes by itself.
fn lz4_follows(source: &mut Source<'_>) -> bool {
    source.input.fill(4);
    compression(source.input.available()) == Some(Compression::Lz4)
}

/// The compressed file, which notes when a decoder asked for more than there is.
struct Source<'a> {
    input: Input<'a>,
    hit_end: bool,
}

impl Read for Source<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(out)?;
        self.hit_end |= length == 0 && !out.is_empty();
        Ok(length)
    }
}

/// One member of a gzip file (RFC 1952), after its header.
struct Gzip {
    inflate: Decompress,
    crc: Crc,
}

impl Gzip {
    fn new() -> Box<Gzip> {
        Box::new(Gzip { inflate: Decompress::new(false), crc: Crc::new() })
    }

    /// Makes it ready for another member.
    fn reset(&mut self) {
        self.inflate.reset(false);
        self.crc.reset();
    }

    /// Bytes of the member, and whether more of it may follow. Bytes before a fault come with the fault.
    fn read(&mut self, source: &mut Source<'_>, out: &mut [u8]) -> (usize, Result<bool, Fault>) {
        loop {
            let input = match source.input.fill_buf() {
                Ok([]) => return (0, Err(Fault::Cut)),
                Ok(input) => input,
                Err(error) => return (0, Err(Fault::Read(error.to_string()))),
            };
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(input, out, FlushDecompress::None);
            let used = usize::try_from(self.inflate.total_in().wrapping_sub(before_in)).unwrap_or(0);
            let made = usize::try_from(self.inflate.total_out().wrapping_sub(before_out)).unwrap_or(0);
            source.input.consume(used);
            self.crc.update(out.get(..made).unwrap_or_default());
            match result {
                Err(_) => return (made, Err(Fault::Corrupt("the gzip data are damaged".to_owned()))),
                Ok(Status::StreamEnd) => return (made, self.trailer(source)),
                Ok(_) if made > 0 => return (made, Ok(true)),
                Ok(Status::BufError) if used == 0 && out.is_empty() => return (0, Ok(true)),
                Ok(_) => {}
            }
        }
    }

    /// Checks the member's CRC-32 and length.
    fn trailer(&self, source: &mut Source<'_>) -> Result<bool, Fault> {
        let (crc, length) = (gzip_bytes::<4>(source)?, gzip_bytes::<4>(source)?);
        if u32::from_le_bytes(crc) != self.crc.sum() || u32::from_le_bytes(length) != self.crc.amount() {
            return Err(Fault::Corrupt("the gzip data do not have the checksum that the file states".to_owned()));
        }
        Ok(false)
    }
}

/// Reads a member's header (RFC 1952 section 2.3).
fn gzip_header(source: &mut Source<'_>) -> Result<(), Fault> {
    let [_, _, method, flags, ..] = gzip_bytes::<10>(source)?;
    if method != 8 || flags & 0xe0 != 0 {
        return Err(Fault::Corrupt("the gzip header is damaged".to_owned()));
    }
    if flags & 4 != 0 {
        let extra = u64::from(u16::from_le_bytes(gzip_bytes(source)?));
        if !source.input.cut_out(0, extra) {
            return Err(Fault::Cut);
        }
    }
    // Name and comment end with a zero byte each.
    for flag in [8, 16] {
        while flags & flag != 0 && gzip_bytes::<1>(source)? != [0] {}
    }
    if flags & 2 != 0 {
        gzip_bytes::<2>(source)?;
    }
    Ok(())
}

fn gzip_bytes<const N: usize>(source: &mut Source<'_>) -> Result<[u8; N], Fault> {
    source.input.fill(N);
    let bytes = source.input.available().first_chunk().copied();
    source.input.advance(N);
    bytes.ok_or_else(|| source.input.fault().cloned().unwrap_or(Fault::Cut))
}

/// Decodes one more block. At a fault the frame is ended by an empty last block of ours, because the decoder gives out
/// the bytes of its window only then.
fn zstd_block(source: &mut Source<'_>, decoder: &mut ZstdDecoder) -> Result<(), Fault> {
    let Err(error) = decoder.decode_blocks(&mut *source, BlockDecodingStrategy::UptoBlocks(1)) else { return Ok(()) };
    let fault = zstd_fault(source, error);
    let last_block_and_checksum: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
    let _ = decoder.decode_blocks(last_block_and_checksum, BlockDecodingStrategy::UptoBlocks(1));
    Err(fault)
}

fn zstd_fault(source: &Source<'_>, error: FrameDecoderError) -> Fault {
    match error {
        FrameDecoderError::WindowSizeTooBig { requested, max } => {
            let reason = format!("the Zstandard data need a window of {requested} bytes; socklab holds {max}");
            Fault::Limit(WarningCode::LimitWindow, reason)
        }
        _ if source.hit_end => source.input.fault().cloned().unwrap_or(Fault::Cut),
        error => Fault::Corrupt(format!("the Zstandard data are damaged ({error})")),
    }
}

fn zstd_checksum(decoder: &ZstdDecoder) -> Result<(), Fault> {
    match (decoder.get_checksum_from_data(), decoder.get_calculated_checksum()) {
        (Some(stated), Some(found)) if stated != found => {
            Err(Fault::Corrupt("the Zstandard data do not have the checksum that the file states".to_owned()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use crate::capfile::testing::{Order, Pcap};
    use crate::capfile::tests::read_with;
    use crate::capfile::{CaptureError, CaptureInfo, CaptureReader, Compression, WarningCode};
    use crate::limits::Limits;

    const KINDS: [Compression; 3] = [Compression::Gzip, Compression::Zstd, Compression::Lz4];

    fn compress(kind: Compression, data: &[u8]) -> Vec<u8> {
        match kind {
            Compression::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest),
            Compression::Lz4 => {
                let frame = lz4_flex::frame::FrameInfo::new().content_checksum(true).block_checksums(true);
                let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(frame, Vec::new());
                encoder.write_all(data).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    /// A capture of frames that do not compress well.
    fn capture(frames: u32) -> Vec<u8> {
        let mut file = Pcap::new(Order::Little, 1);
        let mut state = 1u32;
        for second in 0..frames {
            let data: Vec<u8> = (0..60)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            file = file.packet(second, 0, &data);
        }
        file.bytes
    }

    fn read(bytes: &[u8]) -> Result<CaptureInfo, CaptureError> {
        read_with(bytes, &Limits::default()).map(|(_, info)| info)
    }

    fn codes(info: &CaptureInfo) -> Vec<WarningCode> {
        info.warnings.iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn compressed_captures_read_like_others() {
        let plain = capture(1000);
        for kind in KINDS {
            let info = read(&compress(kind, &plain)).unwrap();
            assert_eq!((info.frames, info.compression, codes(&info)), (1000, Some(kind), vec![]));
            let nothing = read(&compress(kind, b"")).unwrap();
            assert!(nothing.empty && nothing.compression == Some(kind));
        }
    }

    #[test]
    fn members_behind_each_other_are_one_capture() {
        let plain = capture(9);
        let (first, second) = plain.split_at(100);
        for kind in KINDS {
            for other in KINDS {
                let info = read(&[compress(kind, first), compress(other, second)].concat()).unwrap();
                assert_eq!((info.frames, info.compression, codes(&info)), (9, Some(kind), vec![]));
            }
        }
    }

    #[test]
    fn skippable_frames_are_passed_over() {
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"12345"].concat();
        for kind in KINDS {
            let file = [&skippable[..], &skippable, &compress(kind, &capture(3)), &skippable].concat();
            let info = read(&file).unwrap();
            assert_eq!((info.frames, info.compression, codes(&info)), (3, Some(kind), vec![]));
        }
    }

    #[test]
    fn a_gzip_header_may_have_all_its_fields() {
        let plain = compress(Compression::Gzip, &capture(2));
        let header =
            [&[0x1f, 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3, 3, 0][..], b"abcname\0comment\0\x12\x34"].concat();
        assert_eq!(read(&[&header, &plain[10..]].concat()).unwrap().frames, 2);
    }

    #[test]
    fn a_cut_file_gives_what_is_there() {
        let plain = capture(300);
        for kind in KINDS {
            let whole = compress(kind, &plain);
            let mut before = 0;
            for length in (20..whole.len()).step_by(397).chain(whole.len() - 9..whole.len()) {
                let Ok(info) = read(&whole[..length]) else { continue };
                assert!(info.truncated && codes(&info) == [WarningCode::CutShort], "{kind:?} cut at {length}");
                assert!(info.frames >= before);
                before = info.frames;
            }
            // Only the end of the compressed data is missing: all frames are there.
            assert_eq!(before, 300, "{kind:?}");
        }
    }

    #[test]
    fn damage_gives_what_came_before() {
        let plain = capture(300);
        for kind in KINDS {
            let mut file = compress(kind, &plain);
            let last = file.len() - 1;
            // The checksum at the end.
            file[last - usize::from(kind == Compression::Gzip) * 4] ^= 1;
            let info = read(&file).unwrap();
            assert_eq!((info.frames, codes(&info)), (300, vec![WarningCode::Damaged]), "{kind:?}");
            let trailing = [&compress(kind, &plain)[..], b"other bytes"].concat();
            let info = read(&trailing).unwrap();
            assert_eq!((info.frames, codes(&info)), (300, vec![WarningCode::Damaged]), "{kind:?}");
        }
    }

    #[test]
    fn damage_before_the_first_byte_is_an_error() {
        for start in [&[0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0][..], &[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd, 0xff]] {
            assert!(matches!(read(start), Err(CaptureError::CompressionDamaged { .. })), "{start:?}");
        }
        let twice = compress(Compression::Zstd, &compress(Compression::Gzip, &capture(1)));
        let Err(CaptureError::InCompression { compression: Compression::Zstd, inner }) = read(&twice) else { panic!() };
        assert_eq!(*inner, CaptureError::Compressed("gzip more than once"));
    }

    #[test]
    fn a_member_without_content_costs_little() {
        for kind in KINDS {
            let empty = compress(kind, b"");
            let file = [&empty.repeat(20_000)[..], &compress(kind, &capture(2))].concat();
            let info = CaptureReader::open(&file[..], &Limits::default()).unwrap().into_info();
            assert!(!info.empty && info.compression == Some(kind));
        }
    }

    #[test]
    fn inflating_is_bounded() {
        let zeros = [capture(1), vec![0; 40 * 1024 * 1024]].concat();
        let limits = Limits { inflation_ratio: 20, ..Limits::default() };
        let file = compress(Compression::Gzip, &zeros);
        let mut reader = CaptureReader::open(&file[..], &limits).unwrap();
        reader.for_each_frame(|_| {});
        let info = reader.into_info();
        assert_eq!(codes(&info), [WarningCode::LimitInflation]);
        // 16 MiB are always allowed; a record of zeros has 16 bytes.
        assert!((1 << 20..3 << 19).contains(&info.frames), "{}", info.frames);
    }

    #[test]
    fn a_huge_zstandard_window_is_not_allocated() {
        // RFC 8878 section 3.1.1.1.2: window descriptor 0xf8 is 2 TiB.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0];
        assert!(matches!(read(&frame), Err(CaptureError::Limit { code: WarningCode::LimitWindow, .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn damaged_bytes_never_hang_or_panic(
            kind in 0usize..3,
            frames in 0u32..40,
            flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut file = compress(KINDS[kind], &capture(frames));
            for (place, byte) in flips {
                let place = place.index(file.len());
                file[place] = byte;
            }
            let _ = read(&file);
        }

        #[test]
        fn what_is_compressed_comes_out(kind in 0usize..3, frames in 0u32..600) {
            let info = read(&compress(KINDS[kind], &capture(frames))).unwrap();
            prop_assert_eq!((info.frames, codes(&info)), (u64::from(frames), vec![]));
        }
    }
}

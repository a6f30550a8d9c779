//! What each fact is to the code that measures it: every one is a variant, so that the compiler asks for its measure.

/// Which fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Of the two ends of a connection or conversation.
    Ends(Ends),
    /// Of all connections or conversations of a step.
    Step(StepFact),
    /// Of a connection or conversation as a whole, or of one side of it.
    Whole(Whole),
    /// Of the handshake.
    Handshake(Handshake),
    /// Of frames that Wireshark's sequence analysis marks.
    Marked(Marked),
    /// Of the end of a connection.
    Closing(Closing),
    /// Of the data that one side sent, and of what it accepts.
    Flow(Flow),
    /// Of one frame.
    Frame(FrameFact),
    /// Of a segment with data and its acknowledgement.
    Answered(Answered),
    /// Of a segment with data or a datagram, and what comes after it.
    Followed(Followed),
    /// How many frames the list of frames of this key has.
    Count(&'static str),
    /// Whether the list of frames of this key has any.
    Any(&'static str),
    /// The same everywhere: this number.
    Constant(u64),
    /// The same everywhere: these words.
    Words(&'static [&'static str]),
}

/// Of the two ends of a connection or conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Client's socket address.
    ClientSocketAddress,
    /// Server's socket address.
    ServerSocketAddress,
    /// Client's IP address.
    ClientAddress,
    /// Server's IP address.
    ServerAddress,
    /// Client's port.
    ClientPort,
    /// Server's port.
    ServerPort,
    /// IP version.
    IpVersion,
    /// Protocol number.
    ProtocolNumber,
    /// Stream number.
    Stream,
}

/// Of all connections or conversations of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepFact {
    /// Number of connections.
    Connections,
    /// Number of client computers.
    Clients,
    /// Number of frames.
    AllFrames,
    /// Bytes of payload.
    AllPayloadBytes,
    /// Number of refused attempts.
    RefusedAttempts,
    /// Connections open at the same time.
    OpenAtOnce,
}

/// Of a connection or conversation as a whole, or of one side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Frames.
    Frames,
    /// Number of frames.
    FrameCount,
    /// Duration.
    Duration,
    /// Bytes of payload.
    PayloadBytes,
    /// Frames with data.
    DataFrames,
    /// Number of frames with data.
    DataFrameCount,
    /// Bytes of data.
    DataBytes,
    /// Frames that only acknowledge.
    AcknowledgementFrames,
    /// Frames with PSH.
    PushFrames,
    /// First frame with data.
    FirstDataFrame,
    /// Who sends data first.
    FirstDataBy,
    /// Largest payload.
    LargestPayload,
    /// Average payload.
    AveragePayload,
    /// Bytes of whole frames.
    FrameBytes,
    /// Bytes of headers.
    HeaderBytes,
}

/// Of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// Handshake frames.
    HandshakeFrames,
    /// Frames with SYN.
    SynFrames,
    /// Handshake completed.
    HandshakeCompleted,
    /// Round-trip time of the handshake.
    InitialRtt,
    /// Time from the SYN to the SYN-ACK.
    SynAckRtt,
    /// Initial sequence number.
    InitialSequenceNumber,
    /// Acknowledgement number of the SYN-ACK.
    SynAckAcknowledges,
    /// Options of the SYN.
    SynOptions,
    /// Maximum segment size.
    MaximumSegmentSize,
    /// Window scale.
    WindowScale,
    /// Window scale factor.
    WindowScaleFactor,
    /// SACK permitted.
    SackPermitted,
    /// SACK can be used.
    SackUsable,
    /// Time stamps offered.
    TimestampsOffered,
    /// Time stamp value.
    TimestampValue,
    /// Window in the SYN.
    WindowAtSyn,
}

/// Of frames that Wireshark's sequence analysis marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// Frames with a window of 0.
    ZeroWindowFrames,
    /// Number of retransmissions.
    Retransmissions,
    /// Retransmissions.
    RetransmittedFrames,
    /// Fast retransmissions.
    FastRetransmissions,
    /// Frames out of order.
    OutOfOrderFrames,
    /// Duplicate acknowledgements.
    DuplicateAcknowledgements,
    /// Keep-alives.
    KeepAliveFrames,
}

/// Of the end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Who closes first.
    ClosedBy,
    /// Closing frames.
    ClosingFrames,
    /// Frames with FIN.
    FinFrames,
    /// Data after the other side's FIN.
    HalfClosed,
    /// Time from the first FIN or RST to the last closing frame.
    ClosingTime,
    /// Reset.
    Reset,
    /// Frames with RST.
    RstFrames,
    /// Who resets.
    ResetBy,
    /// Why it is reset.
    ResetReason,
}

/// Of the data that one side sent, and of what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Smallest window.
    MinimumWindow,
    /// Largest window.
    MaximumWindow,
    /// Time that the data took.
    TransferTime,
    /// Throughput of acknowledged data.
    ThroughputAcknowledged,
    /// Throughput of data.
    ThroughputData,
    /// Throughput of whole frames.
    ThroughputFrames,
    /// Bytes that one ACK acknowledges.
    TypicalAcknowledgement,
}

/// Of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameFact {
    /// Frame number.
    FrameNumber,
    /// Time.
    Time,
    /// Time since the first frame of the connection.
    TimeInConnection,
    /// Time since the frame before it of the connection.
    TimeSincePrevious,
    /// Sender's IP address.
    SourceAddress,
    /// Receiver's IP address.
    DestinationAddress,
    /// Sender's socket address.
    SourceSocketAddress,
    /// Receiver's socket address.
    DestinationSocketAddress,
    /// Source port.
    SourcePort,
    /// Destination port.
    DestinationPort,
    /// Time to live.
    Ttl,
    /// Length of the IP packet.
    IpLength,
    /// Length of the frame.
    FrameLength,
    /// Length of the header.
    HeaderLength,
    /// Length of header and payload.
    SegmentLength,
    /// Length of the payload.
    PayloadLength,
    /// Text of the payload.
    PayloadText,
    /// Checksum.
    Checksum,
    /// Length field.
    UdpLength,
    /// Sequence number.
    SequenceNumber,
    /// Raw sequence number.
    RawSequenceNumber,
    /// Next sequence number.
    NextSequenceNumber,
    /// Acknowledgement number.
    AcknowledgementNumber,
    /// Raw acknowledgement number.
    RawAcknowledgementNumber,
    /// Flags.
    Flags,
    /// Window field.
    Window,
    /// Window.
    ScaledWindow,
}

/// Of a segment with data and its acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// Frame of the acknowledgement.
    AcknowledgingFrame,
    /// Time of the acknowledgement.
    AcknowledgingTime,
    /// Number of the acknowledgement.
    AcknowledgingNumber,
    /// Raw number of the acknowledgement.
    RawAcknowledgingNumber,
    /// Window of the acknowledgement.
    AcknowledgingWindow,
    /// Round-trip time.
    RoundTripTime,
    /// Round-trip time as Wireshark shows it.
    AckRtt,
    /// Estimated round-trip time.
    EstimatedRtt,
}

/// Of a segment with data or a datagram, and what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Frame of the reply.
    ReplyFrame,
    /// Time from it to the reply.
    ReplyTime,
    /// Time from it to the side's next one.
    TimeToNext,
}

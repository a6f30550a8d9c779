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
    /// The same everywhere: this number.
    Constant(u64),
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
}

/// Of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// Handshake frames.
    HandshakeFrames,
    /// Handshake completed.
    HandshakeCompleted,
    /// Round-trip time of the handshake.
    InitialRtt,
    /// Initial sequence number.
    InitialSequenceNumber,
    /// Acknowledgement number of the SYN-ACK.
    SynAckAcknowledges,
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
    /// Length of the frame.
    FrameLength,
    /// Length of the header.
    HeaderLength,
    /// Length of header and payload.
    SegmentLength,
    /// Length of the payload.
    PayloadLength,
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
    /// Round-trip time.
    RoundTripTime,
    /// Round-trip time as Wireshark shows it.
    AckRtt,
    /// Estimated round-trip time.
    EstimatedRtt,
}

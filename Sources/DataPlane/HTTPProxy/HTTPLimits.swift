// Constants of the HTTP engine that bound memory or time and are nobody's to configure, each with
// its reason. What an operator sets is in HTTPPolicy.

/// Limits of the HTTP engine.
enum HTTPLimits {
    /// Interim responses that may precede one final response.
    static let interimResponsesMax: UInt8 = 32

    /// What is left of a body must be at least this much to be worth a pipe: setting one up costs
    /// about as much as copying some buffers.
    static let spliceBytesMin: UInt64 = 128 * 1024

    /// One in so many buffers is kept from new requests, for those that were begun before.
    static let reserveShare = 16

    /// How long a client is listened to after an answer that it has not let us finish reading for:
    /// closing at once would reset the connection and could destroy the answer on its way
    /// (RFC 9112 section 9.6).
    static let lingerMs: UInt64 = 3_000

    /// Clients of one worker that are told at the same time that there is no room for them, each
    /// for at most the time above; those beyond are reset, so that they cannot take the room of
    /// others.
    static let surplusClientsMax = 64

    /// What a field block can grow by when it is rewritten, besides repeating Host: names of the
    /// fields that are added, an address, a date, the id of a request and its trace.
    static let rewriteBytesMax = 1536

    /// Room for any head that can be configured, and one byte that shows it is longer.
    static let headBytesMax = 65_536

    /// Room for any head that is rewritten: a full head, its host twice more, and what is added;
    /// and for any answer of a route.
    static let rewrittenBytesMax =
        3 * headBytesMax + rewriteBytesMax + FieldChanges.bytesMax + 2 * PathText.bytesMax

    /// How long somebody waits behind an answer of which nothing comes. Origins that answer from
    /// memory need less than a tenth of it; a worker or an origin that was not scheduled for a few
    /// time slices is not taken for one that stalls.
    static let pipelineStallMs: UInt64 = 20

    /// The largest body that others wait behind, or that is read to be dropped: about what one send
    /// and one receive hold.
    static let pipelinedBodyBytesMax = UInt64(ForwarderLimits.windowBytes)

    /// Answers after which an endpoint may end a connection without having misbehaved.
    static let pipelinedAnswersMin: UInt32 = 64

    /// How long accepting pauses when the process is out of descriptors or memory.
    static let acceptPauseMs = ForwarderLimits.acceptPauseMs
}

// What bounds the admin address: nothing that a client does there costs more than this.

internal import DataPlane
package import Protocols

/// Limits of the admin server.
package struct AdminLimits: Sendable {
    /// Connections of all admin addresses together. When one more comes, the one that has been
    /// without a complete request the longest makes room.
    package var connectionsMax = 128
    /// Connections that events are pushed to; beyond, 503.
    package var streamsMax = 64
    package var heads = HeadLimits(
        headBytesMax: 16 * 1024, fieldsMax: 64, targetBytesMax: 2 * 1024)
    /// A body that is a configuration file.
    package var fileBytesMax = 4 * 1024 * 1024
    /// Any other body.
    package var orderBytesMax = 4 * 1024
    /// Request bytes of all connections together that are held; beyond, 503.
    package var heldBytesMax = 16 * 1024 * 1024
    /// Until a request is complete, from its first byte, or from accepting for the first one.
    package var requestMs: UInt64 = 10_000
    /// An idle connection, between requests.
    package var keepAliveMs: UInt64 = 60_000
    /// A client that has bytes to take and takes none.
    package var sendMs: UInt64 = 10_000
    /// A client that is told to go and still sends.
    package var lingerMs: UInt64 = 2_000
    /// Until a command is done; then 504, although it goes on.
    package var commandMs: UInt64 = 60_000
    /// Commands that wait for the one that runs; beyond, 503.
    package var commandsMax = 16
    /// Event bytes that a stream's reader has not taken; beyond, it is cut off.
    package var streamBytesMax = 2 * 1024 * 1024
    /// Between two events of a stream.
    package var eventPeriodMs: UInt64 = 1_000
    /// Between two looks at what is traced.
    package var tracePeriodMs: UInt64 = 100
    /// Events of a trace that are told at one such look; others wait, as far as there is room.
    package var traceEventsMax = 500
    /// Between two samples of what is counted.
    package var samplePeriodMs: UInt64 = 1_000

    package init() {}

    /// Descriptors of the process that the admin address may take: connections, listeners, the
    /// two eventfds and the epoll.
    package static var descriptors: Int { AdminLimits().connectionsMax + 16 }
}

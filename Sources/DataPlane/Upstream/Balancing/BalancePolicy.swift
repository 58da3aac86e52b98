// What an operator says about spreading work over an upstream's endpoints.

/// How an endpoint is chosen. All of them respect weights.
package enum BalancePolicy: UInt8, Sendable, Equatable, CaseIterable {
    /// In turn, those of high weight evenly among the others (nginx's smooth round robin).
    case roundRobin
    /// The fewest requests or flows in flight for its weight; in turn among equals.
    case leastConnections
    /// The better one of two random ones: nearly as even as `leastConnections`, and workers that
    /// do not know of each other do not all run to the same endpoint.
    case powerOfTwo
    /// By the client's address, each endpoint one stretch of the circle of hashes: the shares are
    /// exact and the table is small, but most clients move when the endpoints change.
    case sourceHash
    /// By a key, with a Maglev table: when the endpoints change, nearly all keys stay where they
    /// are.
    case consistentHash
}

/// All that the choice depends on: equal plans make equal tables.
package struct BalancerPlan: Sendable, Equatable {
    /// One endpoint as the balancer sees it.
    package struct Member: Sendable, Equatable {
        /// The process-wide id.
        package var id: UInt32
        /// Its share relative to the others, 0 to 65,535; at 0 it gets nothing new.
        package var weight: UInt16
        /// What it is called everywhere and for ever: the text of its address. Hashes of keys land
        /// on endpoints by this, whatever order and ids they have.
        package var key: [UInt8]

        package init(id: UInt32, weight: UInt16 = 1, key: [UInt8]) {
            self.id = id
            self.weight = weight
            self.key = key
        }
    }

    /// The most endpoints an upstream can have.
    package static let membersMax = 4096

    package var policy: BalancePolicy
    package var members: [Member]
    /// How long an endpoint that came back takes to grow to its full weight; 0: it has it at once.
    package var slowStartMs: UInt32
    /// When fewer than this share of the endpoints are usable, 0 to 100 %, all are used: the few
    /// would not survive what all of them had to carry. 0: never.
    package var panicThresholdPercent: UInt32

    package init(
        policy: BalancePolicy, members: [Member], slowStartMs: UInt32 = 0,
        panicThresholdPercent: UInt32 = 50
    ) {
        self.policy = policy
        self.members = members
        self.slowStartMs = slowStartMs
        self.panicThresholdPercent = panicThresholdPercent
    }
}

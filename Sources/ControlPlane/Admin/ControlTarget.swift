// What the admin address may ask of the process. The admin server knows nothing else of it.

/// The running process as the control API sees it.
package protocol ControlTarget: Sendable {
    // Called on the admin server's thread: they answer from what is known, without waiting for
    // anybody, also while a command runs and while the process drains.

    func status() -> StatusReport
    /// The running configuration as YAML, without the admin token.
    func configurationText() -> String
    /// In the order of the configuration.
    func endpoints() -> [EndpointReport]
    func counters() -> CountersReport
    /// What goes on at this moment; shared by who asks at the same time.
    func live() -> LiveReport
    /// Everything that is counted, for a scraper.
    func exposition(_ format: ExpositionFormat) -> [UInt8]
    /// Whether clients should be sent here.
    func readiness() -> Readiness
    /// Keeps what was counted until now; called once a second.
    func sample()
    /// Begins to watch something; only while nothing is watched.
    func startTrace(_ order: TraceOrder) throws(TraceRefusal)
    /// What happened to it next, oldest first.
    ///
    /// - Parameter limit: about how many events at most.
    func takeTrace(atMost limit: Int) -> [TraceReport]
    /// Events of traces that found no room, since the start.
    var traceEventsLost: UInt64 { get }
    func endTrace()

    // Called on the command thread, one at a time; they may take long.

    /// Reads the configuration again and takes it when it is good.
    func reload() -> ConfigurationOutcome
    /// What `text`, a configuration as YAML, would change.
    func plan(_ text: String) -> ConfigurationOutcome
    /// - Parameter order: valid.
    func drain(_ order: DrainOrder) -> DrainOutcome
    /// Opens the access log again by its path.
    func reopen() -> ReopenOutcome
}

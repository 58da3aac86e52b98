// Traces of a running service: one at a time, asked for and read by the admin thread.

internal import DataPlane

extension ServiceControl {
    func startTrace(_ order: TraceOrder) throws(TraceRefusal) {
        let subject: TraceSubject
        switch order {
        case .client(let block): subject = .client(block)
        case .route(let name, let listener):
            let found = service.present.site.routes.filter {
                $0.value.name == name && (listener == nil || $0.value.listener == listener)
            }
            guard let (id, _) = found.first else {
                throw TraceRefusal(status: 404, reason: "no route is named '\(name)'")
            }
            guard found.count == 1 else {
                throw TraceRefusal(
                    status: 400, reason: "several listeners have a route '\(name)'; say which")
            }
            subject = .route(id)
        }
        // What an earlier one left behind.
        _ = service.workers.takeTraces(atMost: .max)
        service.workers.traceFilter.set(subject)
    }

    func takeTrace(atMost limit: Int) -> [TraceReport] {
        let traces = service.workers.takeTraces(
            atMost: max(limit / service.workers.count, 1))
        guard traces.contains(where: { !$0.isEmpty }) else { return [] }
        var names = SiteNames()
        names.add(service.present.site)
        let offsetNs = ClockText.monotonicOffsetNs
        // Those of one connection are in their order already, and of one worker.
        var events = traces.enumerated().flatMap { worker, events in
            events.enumerated().map { (worker: worker, position: $0.offset, event: $0.element) }
        }
        events.sort { ($0.event.atNs, $0.position) < ($1.event.atNs, $1.position) }
        return events.map {
            TraceReport($0.event, worker: $0.worker, names, unixOffsetNs: offsetNs)
        }
    }

    var traceEventsLost: UInt64 { service.workers.tracesLost }

    func endTrace() { service.workers.traceFilter.set(nil) }
}

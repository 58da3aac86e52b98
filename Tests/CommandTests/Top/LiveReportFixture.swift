// A report as a process sends it, for the screen to be tried with.

import ControlPlane

/// Reports that were made up.
enum LiveReportFixture {
    private static let latency =
        #"{"count":1200,"meanUs":310,"p50Us":250,"p90Us":900,"p99Us":12500,"p999Us":251000}"#
    private static let nothing = #"{"count":0}"#
    private static let statuses =
        #"{"informational":0,"success":17.5,"redirection":1,"clientError":1,"serverError":0.5,"#
        + #""none":0}"#
    private static let rates =
        #"{"requests":10,"processors":0.031,"systemCalls":21.5,"systemCallsPerRequest":2.15,"#
        + #""processorUsPerRequest":310,"completionsPerTurn":1.4,"turns":16}"#

    private static func window(_ seconds: Int, _ latency: String) -> String {
        """
        {"seconds":\(seconds),"requests":20,"accepted":1.5,"bytesIn":3120,"bytesOut":14200,
         "statuses":\(statuses),"systemCallsPerRequest":2.15,"processorUsPerRequest":310,
         "processors":0.062,"completionsPerTurn":1.4,"total":\(latency),"connect":\(nothing),
         "firstByte":\(latency),"own":\(latency),"queue":\(nothing)}
        """
    }

    private static func worker(_ index: Int) -> String {
        """
        {"index":\(index),"connections":2,"second":\(rates),"minute":\(rates),"start":\(rates),
         "buffersInUse":3,"buffersMax":4096,"starvedWaits":0,"queueOverflows":0}
        """
    }

    private static func listener(_ name: String, _ service: String, _ port: Int) -> String {
        """
        {"name":"\(name)","protocolName":"\(service)","addresses":["127.0.0.1:\(port)"],
         "state":"serving","connections":4,"accepted":1200,"acceptedPerSecond":1.5,
         "requests":52000,"requestsPerSecond":18.5,"bytesIn":812000,"bytesOut":4510000,
         "statuses":\(statuses)}
        """
    }

    private static func route(_ name: String, _ perSecond: Double, _ errors: Int) -> String {
        """
        {"listener":"web","name":"\(name)","requests":26000,"requestsPerSecond":\(perSecond),
         "errors":\(errors),"total":\(latency)}
        """
    }

    private static func endpoint(
        _ name: String, _ perSecond: Double, errors: Int, state: String = "usable"
    ) -> String {
        """
        {"name":"\(name)","id":"app/\(name)","address":"\(name)","state":"\(state)",
         "reason":\(state == "usable" ? "null" : "\"3 checks failed: connection refused\""),
         "weight":1,"connections":3,"inFlight":1,"requests":9000,
         "requestsPerSecond":\(perSecond),"errors":\(errors),"failures":0}
        """
    }

    private static let text = """
        {"version":"1.2","pid":7,"state":"serving","isReady":true,"uptimeMs":3723000,
         "atMs":1700000065000,"backend":"io_uring","backendReason":"asked for",
         "configuration":"site.yaml","generation":3,
         "connections":{"active":6,"max":9784,"http":4,"flows":2,"busy":1,"waiting":0,"upstream":9},
         "totals":{"requests":52000,"accepted":1200,"bytesIn":812000,"bytesOut":4510000,
          "statuses":\(statuses),"ends":{"done":51000,"client_gone":12},"retries":3,
          "rateLimited":0,"shed":0},
         "second":\(window(1, nothing)),"minute":\(window(60, latency)),
         "start":\(window(3723, latency)),
         "workers":[\(worker(0)),\(worker(1))],
         "listeners":[\(listener("web", "http", 8080)),\(listener("db", "tcp", 5432))],
         "routes":[\(route("api", 6, 40)),\(route("rest", 12, 2)),\(route("", 0.5, 0))],
         "upstreams":[
          {"name":"app","requests":18000,"requestsPerSecond":12,"waiting":0,
           "firstByte":\(latency),"connect":\(nothing),"endpoints":[
            \(endpoint("10.0.0.1:80", 4, errors: 7)),\(endpoint("10.0.0.2:80", 8, errors: 0)),
            \(endpoint("10.0.0.3:80", 0, errors: 9, state: "ejected"))]},
          {"name":"api","requests":9000,"requestsPerSecond":6,"waiting":2,
           "firstByte":\(latency),"connect":\(latency),"endpoints":[
            \(endpoint("10.0.1.1:80", 6, errors: 40))]}],
         "errors":[
          {"atMs":1700000060000,"level":"warning","message":"endpoint 10.0.0.3:80 was ejected"},
          {"atMs":1700000000000,"level":"error","message":"worker 1 found no buffer"}]}
        """

    static func report() throws -> LiveReport {
        try AdminJSON.decode(LiveReport.self, Array(text.utf8))
    }

    /// Of a process that has served nobody yet.
    static func empty() throws -> LiveReport {
        var report = try report()
        report.workers = []
        report.listeners = []
        report.routes = []
        report.upstreams = []
        report.errors = []
        report.totals.ends = [:]
        report.totals.retries = 0
        let none = report.minute.connect
        report.minute.total = none
        report.minute.firstByte = none
        report.minute.own = none
        report.second.requests = 0
        report.second.systemCallsPerRequest = nil
        report.second.processorUsPerRequest = nil
        report.second.completionsPerTurn = nil
        return report
    }
}

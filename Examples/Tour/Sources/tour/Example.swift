/// Says what happens, a line at a time.
typealias Say = @Sendable (String) -> Void

/// One file of this folder.
struct Example: Sendable {
  let name: String
  let title: String
  let run: @Sendable (_ say: @escaping Say) async throws -> Void
}

let examples = [
  Example(name: "retry", title: "Retry an HTTP call", run: retryAnHTTPCall),
  Example(name: "breaker", title: "A breaker around a database client", run: breakerInAnActor),
  Example(name: "limit", title: "A limit for each customer", run: limitEachCustomer),
  Example(name: "registry", title: "Two instances, one of which dies", run: twoInstances),
  Example(name: "trace", title: "One trace across two services", run: traceAcrossServices),
  Example(name: "events", title: "Events that are handled once, and dead letters", run: eventsHandledOnce),
  Example(name: "reload", title: "Policies from a file, reloaded while calls run", run: reloadPolicies),
  Example(name: "decorator", title: "A decorator of one's own", run: decoratorOfOnesOwn),
  Example(name: "simulate", title: "A service tested in the simulator", run: simulateAService),
]

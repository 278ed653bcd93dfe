import Resilience

// The trace goes with the call as a header field, `traceparent`, and the other service's spans are part of
// it.

func traceAcrossServices(say: @escaping Say) async throws {
  let store = TraceStore()
  let propagator = W3CTraceContextPropagator()

  // The payment service: takes the trace from the request's fields.
  let payment = CallTracer("payment", store: store)
  let charge = ServiceCall("charge") { (amount: Int) in "charged \(amount)" }
    .trace(payment, kind: .server)
  @Sendable func serve(_ fields: [String: String], _ amount: Int) async throws -> String {
    try await propagator.withExtracted(from: fields) { try await charge(amount) }
  }

  // The shop: writes it into the request's fields.
  let checkout = CallTracer("shop", store: store)
  let attempts = AttemptCount()
  let pay = ServiceCall("payment") { (amount: Int) in
    var fields: [String: String] = [:]
    propagator.inject(.current, into: &fields)
    if await attempts.next() == 1 { throw Refused() }
    return try await serve(fields, amount)
  }
  .retry(RetryPolicy(maxAttempts: 2, backoff: .none))
  .trace(checkout, "checkout")

  say(try await pay(42))
  for trace in store.traces { say("\(store.waterfall(of: trace))") }
}

actor AttemptCount {
  private(set) var count = 0

  func next() -> Int {
    count += 1
    return count
  }
}

// The code of ResilienceTrace.md, compiled.

import Resilience

func tracePage(_ order: Order) async throws {
  let store = TraceStore()
  let tracer = CallTracer("shop", store: store)

  let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
    .retry()
    .trace(tracer)

  _ = try await charge(order)
  for trace in store.traces { print(store.waterfall(of: trace)) }

  let propagator = W3CTraceContextPropagator()

  var fields: [String: String] = [:]
  propagator.inject(.current, into: &fields)  // the client, before it sends

  let receipt = try await propagator.withExtracted(from: fields) { try await charge(order) }  // the server
  _ = receipt

  let collector = ServiceCall("collector") { (request: OTLPRequest) in
    try await http.post(
      "http://collector:4318" + request.path, request.body, contentType: request.contentType)
  }
  .timeout(.seconds(10))
  .retry()

  let reporter = SpanReporter(to: OTLPExporter(collector))
  let reported = CallTracer("shop", store: store, reporter: reporter)

  try await withThrowingTaskGroup { tasks in
    tasks.addTask { try await reporter.run() }  // beside your server
    _ = try await charge.trace(reported)(order)
    reporter.finish()  // sends what is left; then run() returns
  }
}

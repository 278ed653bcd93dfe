import Resilience

private let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
private let carried = ["traceparent": traceparent, "tracestate": "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"]

func traceRows() -> [Row] {
  [
    .sync("trace: traceparent, parse") {
      { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= Int(truncatingIfNeeded: TraceIDs(traceparent: traceparent)?.span ?? 0)
        }
        return sum
      }
    }
    .target("traceparent parse", instructions: 350, allocations: 0)
    .because("4 % more than the prototype: it takes any string, and versions to come"),
    .sync("trace: traceparent, format") {
      { count in
        var (sum, trace) = (0, TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
        for _ in 0..<count {
          trace.span &+= 1
          sum &+= trace.traceparent.utf8.count
        }
        return sum
      }
    }
    .target("traceparent format", instructions: 750, allocations: 1),
    .sync("trace: new ids of a root span") {
      { count in
        var sum: UInt64 = 0
        for _ in 0..<count {
          let random = SystemRandomSource()
          sum &+= random.next() ^ random.next() ^ random.next()
        }
        return Int(truncatingIfNeeded: sum)
      }
    }
    .floor("floor: atomic add")
    .target("new span ids", instructions: 50, allocations: 0),
    .async("trace: extract and inject, traceparent and tracestate") {
      let propagator = W3CTraceContextPropagator()
      return { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= await propagator.withExtracted(from: carried) {
            var headers: [String: String] = [:]
            propagator.inject(.current, into: &headers)
            return headers.count
          }
        }
        return sum
      }
    }
    .beat(
      "trace context: extract + inject",
      "opentelemetry-go 698 ns / 6 allocs; -java 801 / 1 856 B; -rust 1 115; swift-otel 5 710 / 23 allocs"),
    .async("trace: span, tracing off") { spans(CallTracer("benchmark", sampler: .never)) }
      .from(.off, .actor, .main)
      .floor("floor: await of a closure, with a task-local bound")
      .beat("span with tracing off", "swift-distributed-tracing 621 ns"),
    .async("trace: span, sampled") { spans(CallTracer("benchmark", sampler: .always)) },
    .call("trace: call, unsampled") { makeCall().trace(CallTracer("benchmark", sampler: .never)) }
      .floor("floor: await of a closure, with a task-local bound"),
    .call("trace: call, sampled") { makeCall().trace(CallTracer("benchmark", sampler: .always)) }
      .floor("floor: await of a closure, with a task-local bound"),
  ]
}

private func spans(_ tracer: CallTracer) -> Row.Loop {
  { count in
    var sum = 0
    for index in 0..<count { sum &+= await tracer.span("work") { index } }
    return sum
  }
}

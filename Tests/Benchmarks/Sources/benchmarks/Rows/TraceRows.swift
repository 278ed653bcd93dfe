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
    .target("traceparent parse", instructions: 350, allocations: 0),
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
        let context = CallContext.current
        for _ in 0..<count {
          let ids = TraceIDs.random(in: context)
          sum &+= ids.traceHigh ^ ids.traceLow ^ ids.span
        }
        return Int(truncatingIfNeeded: sum)
      }
    }
    .floor("floor: atomic add")
    .target("new span ids", instructions: 50, allocations: 0),
    .async("trace: context, bind and read") {
      var context = CallContext.current
      context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
      let bound = context
      return { count in
        var sum: UInt64 = 0
        for _ in 0..<count {
          sum &+= await CallContext.withCurrent(bound) { CallContext.current.trace.span }
        }
        return Int(truncatingIfNeeded: sum)
      }
    }
    .from(.off, .actor, .main)
    .floor("floor: await of a closure, with a task-local bound"),
    // What opentelemetry-go's `Inject(Extract(ctx, in), out)` does with maps of two names. Ours is in the
    // context of calls below, which theirs is where it is handed on: two task-locals are bound and read, some
    // 900 instructions, where theirs makes a context of 48 bytes.
    .async("trace: extract and inject, traceparent and tracestate") {
      let propagator = W3CTraceContextPropagator()
      let received = carried
      return { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= await propagator.withExtracted(from: received) {
            var headers: [String: String] = [:]
            propagator.inject(.current, into: &headers)
            return headers.count
          }
        }
        return sum
      }
    }
    // A new dictionary takes 267 more or less, as its memory happens to be found: one and the same program
    // took 4 833 and 5 100, and 3 563 and 3 829 with traceparent alone.
    .tolerating(0.09)
    .beat(
      "trace context: extract + inject",
      "opentelemetry-go 645 ns / 8 allocs; -java 801 / 1 856 B; -rust 1 115; swift-otel 5 710 / 23 allocs"),
    .async("trace: extract and inject, into the same dictionary") {
      let propagator = W3CTraceContextPropagator()
      let received = carried
      return { count in
        var headers = received
        for _ in 0..<count {
          await propagator.withExtracted(from: received) { propagator.inject(.current, into: &headers) }
        }
        return headers.count
      }
    }
    .beat("trace context: extract + inject, into the same", "opentelemetry-go 565 ns / 6 allocs"),
    .async("trace: extract and inject, traceparent alone") {
      let propagator = W3CTraceContextPropagator()
      let received = ["traceparent": traceparent]
      return { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= await propagator.withExtracted(from: received) {
            var headers: [String: String] = [:]
            propagator.inject(.current, into: &headers)
            return headers.count
          }
        }
        return sum
      }
    }
    .tolerating(0.09),
    // So many names that to hash two of them is faster than to look at all.
    .async("trace: extract and inject, among twelve other headers") {
      let propagator = W3CTraceContextPropagator()
      let others = [
        "host", "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
        "user-agent", "via", "x-forwarded-for", "x-forwarded-proto", "x-request-id",
      ]
      let received = Dictionary(others.map { ($0, "value") }) { $1 }.merging(carried) { $1 }
      return { count in
        var headers = received
        for _ in 0..<count {
          await propagator.withExtracted(from: received) { propagator.inject(.current, into: &headers) }
        }
        return headers.count
      }
    },
    .async("trace: extract, nothing sent") {
      let propagator = W3CTraceContextPropagator()
      let received = carried
      return { count in
        var sum: UInt64 = 0
        for _ in 0..<count {
          sum &+= await propagator.withExtracted(from: received) { CallContext.current.trace.span }
        }
        return Int(truncatingIfNeeded: sum)
      }
    },
    .async("trace: extract and inject, fields of another type") {
      let propagator = W3CTraceContextPropagator()
      let received = carried.map { (name: $0.key, value: $0.value) }
      return { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= await propagator.withExtracted(from: received, through: .pairs) {
            var headers: [(name: String, value: String)] = []
            propagator.inject(.current, into: &headers, through: .pairs)
            return headers.count
          }
        }
        return sum
      }
    },
    .sync("trace: tracestate, two members, parse") {
      { count in
        var sum = 0
        for _ in 0..<count { sum &+= TraceState(carried["tracestate"] ?? "")?.header.utf8.count ?? 0 }
        return sum
      }
    },
    .sync("trace: baggage, three members, parse and format") {
      { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= W3CBaggage(headers: ["tenant=9,tier=gold;hot,user=%C3%89lodie"]).header.utf8.count
        }
        return sum
      }
    },
    .sync("trace: b3, extract and inject") {
      let propagator = B3Propagator()
      let received = ["b3": "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"]
      return { count in
        var sum = 0
        for _ in 0..<count {
          var (context, baggage): (CallContext, (any Sendable)?) = (.current, nil)
          propagator.extract(from: received, into: &context, baggage: &baggage)
          var headers: [String: String] = [:]
          propagator.inject(context, into: &headers)
          sum &+= headers.count
        }
        return sum
      }
    },
    .async("trace: span, tracing off") { spans(CallTracer("benchmark", sampler: .never)) }
      .from(.off, .actor, .main)
      .floor("floor: await of a closure, with a task-local bound")
      .beat("span with tracing off", "swift-distributed-tracing 621 ns"),
    .async("trace: span, sampled") { spans(CallTracer("benchmark", sampler: .always)) },
    .async("trace: span, sampled and reported") {
      let reporter = SpanReporter(to: Nowhere())
      return spans(CallTracer("benchmark", sampler: .always, reporter: reporter))
    },
    .async("trace: span, sampled, with two attributes") {
      let tracer = CallTracer("benchmark", sampler: .always)
      return { count in
        for index in 0..<count {
          await tracer.span("work") {
            let context = CallContext.current
            context.emit(SpanAnnotation.attribute("index", .integer(Int64(index))))
            context.emit(SpanAnnotation.attribute("tier", .string("gold")))
          }
        }
        return tracer.snapshot().spans
      }
    },
    .async("trace: span, consistent sampling") {
      spans(CallTracer("benchmark", sampler: .parentBased(root: .consistent(1))))
    },
    .async("trace: span, rate limited, over the rate") {
      spans(CallTracer("benchmark", sampler: .parentBased(root: .rateLimited(0.001))))
    },
    .call("trace: call, unsampled") { makeCall().trace(CallTracer("benchmark", sampler: .never)) }
      .floor("floor: await of a closure, with a task-local bound"),
    .call("trace: call, sampled") { makeCall().trace(CallTracer("benchmark", sampler: .always)) }
      .floor("floor: await of a closure, with a task-local bound"),
  ]
}

private struct Nowhere: SpanExporter {
  func export(_ batch: SpanBatch) async throws {}
}

private func spans(_ tracer: CallTracer) -> Row.Loop {
  { count in
    var sum = 0
    for index in 0..<count { sum &+= await tracer.span("work") { index } }
    return sum
  }
}

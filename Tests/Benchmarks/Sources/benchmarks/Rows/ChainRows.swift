import Resilience

/// What a hop of a chain takes when the chain is drawn: a tenth more at most in a chain that is eight times
/// as long. Sorting takes a little more, and so do numbers of more digits.
func chainRows() -> [Row] {
  let drawings: [(name: String, limit: Int, draw: @Sendable (TraceStore, TraceID) -> Int)] = [
    ("text", 5000, { store, trace in store.waterfall(of: trace).utf8.count }),
    ("HTML", 5000, { store, trace in store.htmlWaterfall(of: trace).utf8.count }),
    ("critical path", 800, { store, trace in store.criticalPath(of: trace).count }),
  ]
  return drawings.flatMap { drawing in
    let short = chainRow(drawing.name, hops: 500, drawing.draw)
    let long = chainRow(drawing.name, hops: 4000, drawing.draw)
    return [
      short,
      long.target("\(drawing.name), linear in the hops", instructions: drawing.limit, over: short.name),
    ]
  }
}

/// An operation is a hop.
private func chainRow(
  _ name: String, hops: Int, _ draw: @escaping @Sendable (TraceStore, TraceID) -> Int
) -> Row {
  .async("trace: \(name) of a chain of \(spaced(hops)) hops, a hop") {
    let store = TraceStore()
    let tracer = CallTracer("shop", store: store)
    var last = TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1)
    for _ in 0..<hops {
      var context = CallContext.current
      context.enterSpan(last)
      let outer = context
      last = await CallContext.withCurrent(outer) { await tracer.span("hop") { CallContext.current.trace } }
    }
    let trace = last.traceID
    return { count in
      var sum = 0
      for _ in 0..<(count / hops) { sum &+= draw(store, trace) }
      return sum
    }
  }
  .counted(over: hops)
  // The ids that chance draws decide how full a table is when it grows: 12.03 to 12.12 allocations a hop. And
  // how long the machine took to make the chain decides how many digits its times have: with one more a text
  // of each hop is no small string any more, 12.81 instead of 11.81.
  .tolerating(0.1)
}

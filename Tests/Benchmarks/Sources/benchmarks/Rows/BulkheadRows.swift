import Resilience

@inline(__always)
func enterAndLeave(_ bulkhead: Bulkhead, _ count: Int) -> Int {
  let now = Instant(nanoseconds: 0)
  var entered = 0
  for _ in 0..<count {
    if case .entered(let permit) = bulkhead.tryEnter(at: now) {
      entered &+= 1
      permit.leave(at: now)
    }
  }
  return entered
}

func bulkheadRows() -> [Row] {
  [
    .sync("bulkhead: permit, enter and leave") {
      let bulkhead = Bulkhead("benchmark", limit: .fixed(100))
      return { count in enterAndLeave(bulkhead, count) }
    }
    .floor("floor: atomic add")
    .beat("bulkhead permit", "resilience4j 6.1 to 7.5 ns (synchronous), tower 16; tower-resilience 271"),
    .sync("bulkhead: permit, enter and leave, adaptive") {
      let bulkhead = Bulkhead("benchmark", limit: .adaptive())
      return { count in enterAndLeave(bulkhead, count) }
    }
    .floor("floor: atomic add"),
    .sync("bulkhead: refusal") {
      let bulkhead = Bulkhead("benchmark", limit: .fixed(1))
      return { count in
        let now = Instant(nanoseconds: 0)
        guard case .entered(let permit) = bulkhead.tryEnter(at: now) else { return 0 }
        let entered = enterAndLeave(bulkhead, count)
        permit.leave(at: now)
        return entered &+ 1
      }
    }
    .floor("floor: atomic add"),
    .call("bulkhead: call") {
      makeCall().bulkhead(Bulkhead("benchmark", limit: .fixed(100), maxWaiting: 100))
    }
    .from(.off, .actor, .main)
    .floor("call"),
    .call("bulkhead: call, weight and priority by input") {
      makeCall().bulkhead(Bulkhead("benchmark", limit: .fixed(100), maxWaiting: 100)) { input in
        BulkheadClaim(weight: 1 + input & 1)
      }
    }
    .floor("call"),
    .call("bulkhead: call, by key") {
      let policy = BulkheadPolicy(limit: .fixed(100), maxWaiting: 100)
      return makeCall().bulkhead(Bulkheads<Int>("benchmark", policy: policy), by: { $0 & 63 })
    }
    .floor("call"),
    .call("bulkhead: call, adaptive") { makeCall().bulkhead(Bulkhead("benchmark", limit: .adaptive())) }
      .floor("call"),
  ]
}

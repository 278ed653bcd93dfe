import Resilience

func fallbackRows() -> [Row] {
  [
    .call("fallback: success") { makeCall().fallback(0) }
      .from(.off, .actor, .main)
      .floor("call"),
    .call("fallback: degraded") {
      ServiceCall("call") { (input: Int) -> Int in throw Failure(number: input) }.fallback(0)
    }
    .floor("call"),
    .call("coalesce: alone, work that finishes at once") { makeCall().coalesce(by: \.self) }
      .floor("timeout: work that finishes at once"),
    .async("coalesce: a caller that joins, of 100") {
      let call = makeSuspendingCall().coalesce(by: { _ in 0 })
      return { count in
        var sum = 0
        for _ in 0..<max(1, count / 100) {
          sum &+= try await withThrowingTaskGroup(of: Int.self) { group in
            for input in 0..<100 { group.addTask { try await call(input) } }
            return try await group.reduce(0, &+)
          }
        }
        return sum
      }
    }
    .ungated(),
  ]
}

import Resilience

/// A call whose first attempt waits until it is cancelled.
private func makeHangingCall() -> ServiceCall<Int, Int> {
  ServiceCall("call") { (input: Int, context: CallContext) in
    if context.attempt == 1 { try await context.clock.sleep(for: .seconds(3600)) }
    return input
  }
}

func hedgeRows() -> [Row] {
  [
    .call("hedge: work that finishes at once") { makeCall().hedge() }
      .from(.off, .actor, .main)
      .floor("timeout: work that finishes at once"),
    .call("hedge: work that suspends once") { makeSuspendingCall().hedge() }
      .floor("timeout: work that suspends once")
      .ungated(),
    .call("hedge: second attempt answers") {
      makeHangingCall().hedge(HedgePolicy(delay: .fixed(.zero)), budget: nil)
    }
    .floor("hedge: work that finishes at once")
    .ungated(),
  ]
}

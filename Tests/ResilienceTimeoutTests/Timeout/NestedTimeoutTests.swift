import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import ResilienceTimeout
import Testing

/// Limits around limits. Those that end together report from the inside out, whichever timer runs first.
@Suite struct NestedTimeoutTests {
  private func sleeping(_ sim: Simulation) -> ServiceCall<Int, Void> {
    ServiceCall("payment") { _ in try await sim.sleep(for: .seconds(60)) }
  }

  /// All interleavings of the tasks, and some orders of the timers of one instant, of which the former take
  /// one.
  private func everyOrder(_ body: @escaping @Sendable (Simulation) async throws -> Void) throws {
    #expect(try Simulation.exploreEveryInterleaving(body).isComplete)
    try Simulation.explore(seeds: 0..<50, body)
  }

  @Test(arguments: [
    // The limits, inside out; what the layer between them sees; what the caller gets.
    (
      [1000, 1000], "failure: payment timed out after 1 s",
      "payment timed out after 1 s; it ended with: payment timed out after 1 s"
    ),
    (
      [5000, 1000], "failure: payment timed out after 1 s, all that was left until its deadline",
      """
      payment timed out after 1 s; it ended with: payment timed out after 1 s, \
      all that was left until its deadline
      """
    ),
    (
      [1000, 5000], "failure: payment timed out after 1 s", "payment timed out after 1 s"
    ),
  ])
  func limitsThatEndTogetherReportFromTheInsideOut(limits: [Int64], between: String, caller: String) throws {
    try everyOrder { sim in
      let errors = Log<String>()
      let call = sleeping(sim).timeout(.milliseconds(limits[0])).witness(errors)
        .timeout(.milliseconds(limits[1]))
      do {
        try await call(1)
      } catch {
        try sim.require("\(error)" == caller, "\(error)")
      }
      try sim.require(sim.now == .milliseconds(limits.min() ?? 0), "ended at \(sim.now)")
      try sim.require(errors.entries == [between], "\(errors.entries)")
    }
  }

  /// A cooperative deadline further out interrupts nothing, so the limit that it cuts short reports.
  @Test func aLimitCutShortByADeadlineReportsItself() throws {
    try everyOrder { sim in
      let error = await #expect(throws: TimedOut.self) {
        try await sleeping(sim).timeout(.seconds(5)).deadline(.seconds(1))(1)
      }
      try sim.require(error?.isCutShort == true && error?.limit == .seconds(1), "\(error as Any)")
    }
  }

  /// A cancelled caller is none of the destination's business: every layer passes on what the work says.
  @Test(arguments: [0, 1, 500, 999])
  func aCancelledCallerIsNeutralInEveryLayer(milliseconds: Int64) throws {
    try everyOrder { sim in
      let errors = Log<String>()
      let call = sleeping(sim).timeout(.seconds(1)).witness(errors).timeout(.seconds(1)).witness(errors)
      try await cancelling(after: .milliseconds(milliseconds), sim) {
        await #expect(throws: CancellationError.self) { try await call(1) }
      }
      // At 0 the call may be cancelled before it begins, and then only the outer layer sees it.
      try sim.require(errors.entries.allSatisfy { $0 == "neutral: CancellationError()" }, "\(errors.entries)")
      try sim.require(sim.now == .milliseconds(milliseconds), "ended at \(sim.now)")
    }
  }

  /// Cancelled at the very instant of the limit: it timed out; outside of the limits it is the caller's
  /// cancellation as well.
  @Test func aCallerCancelledAtTheLimitGetsOneAnswer() throws {
    try everyOrder { sim in
      let errors = Log<String>()
      let call = sleeping(sim).timeout(.seconds(1)).witness(errors).timeout(.seconds(1)).witness(errors)
      try await cancelling(after: .seconds(1), sim) {
        await #expect(throws: TimedOut.self) { try await call(1) }
      }
      let timedOut = errors.entries.allSatisfy { $0.contains(": payment timed out after 1 s") }
      try sim.require(timedOut && errors.entries[0].hasPrefix("failure: "), "\(errors.entries)")
    }
  }
}

import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct HealthProbeTests {
  /// A client may answer a cancellation with a value, which says nothing about the instance.
  @Test(arguments: [(true, Verdict.neutral), (false, .failure)])
  func aFailureThatIsAValueIsNeutralOnceTheProbeWasCancelled(isCancelled: Bool, verdict: Verdict) throws {
    try Simulation(seed: 1).run { sim in
      let check = ServiceCall("inventory") { (_: ServiceInstance) in
        try? await sim.sleep(for: .seconds(1))
        return 503
      }
      .classify { _ in .failure }
      let probe = HealthProbe.start(check, of: instance("a"), deadline: seconds(10))
      if isCancelled { probe.cancel() }
      let clock = CallContext.current.clock
      #expect(await probe.result(until: seconds(10), on: clock) == verdict)
    }
  }
}

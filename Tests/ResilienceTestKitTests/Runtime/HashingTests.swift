import ResilienceTestKit
import Testing

@Suite struct HashingTests {
  @Test func row94_anErrorSaysHowToFixTheOrderOfSets() throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1).run { _ in
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
      }
    }
    #expect(error.description.contains("SWIFT_DETERMINISTIC_HASHING=1"))
  }
}

import Foundation
import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// A breaker in one process, and the one that goes on in the next, whose clock began elsewhere.
@Suite struct SavedStateTests {
  private let noon = UnixTime(nanoseconds: 1_795_694_400_000_000_000)

  private func saved(_ json: String) throws -> CircuitBreakerSavedState {
    try JSONDecoder().decode(CircuitBreakerSavedState.self, from: Data(json.utf8))
  }

  /// Through the document.
  private func handed(_ state: CircuitBreakerSavedState) throws -> CircuitBreakerSavedState {
    try JSONDecoder().decode(CircuitBreakerSavedState.self, from: JSONEncoder().encode(state))
  }

  /// Restored so long after noon, at 7 s of the new clock.
  private func restored(
    _ state: CircuitBreakerSavedState, after time: Double, _ policy: CircuitBreakerPolicy = .small()
  ) throws -> CircuitBreaker {
    let breaker = CircuitBreaker("payment", policy: policy)
    breaker.restore(try handed(state), at: .s(7), unixTime: noon.advanced(by: .seconds(time)))
    return breaker
  }

  @Test(arguments: [
    // Saved at 1002 s, with 3 s left.
    (after: 0.0, state: CircuitBreakerState.open(until: .s(10))), (after: 1, state: .open(until: .s(9))),
    (after: 3, state: .halfOpen), (after: 1e9, state: .halfOpen),
    // A wall clock that was put back.
    (after: -3600, state: .open(until: .s(10))),
  ])
  func anOpenBreakerGoesOnForWhatIsLeft(after: Double, state: CircuitBreakerState) throws {
    let breaker = CircuitBreaker("payment", policy: .small())
    breaker.trip(at: .s(1000))
    let saved = breaker.savedState(at: .s(1002), unixTime: noon)
    #expect(try restored(saved, after: after).state(at: .s(7)) == state)
  }

  @Test func theGrowthOfTheOpenTimeGoesOn() throws {
    let breaker = CircuitBreaker("payment", policy: .small())
    breaker.trip(at: .s(1000))
    breaker.call(.failure, at: .s(1005))
    let saved = breaker.savedState(at: .s(1014), unixTime: noon)
    let next = try restored(saved, after: 1)
    next.call(.failure, at: .s(7))
    #expect(next.state(at: .s(7)) == .open(until: .s(27)))
    // After as long as it was open without a call it begins anew, the time between processes included.
    let later = try restored(saved, after: 11)
    later.call(.failure, at: .s(7))
    #expect(later.state(at: .s(7)) == .open(until: .s(12)))
  }

  @Test(arguments: [.forcedOpen, .disabled, .metricsOnly, .halfOpen, nil] as [CircuitBreakerOverride?])
  func whatDoesNotEndByItselfStays(override: CircuitBreakerOverride?) throws {
    let breaker = CircuitBreaker("payment", policy: .small())
    breaker.set(override, at: .s(1000))
    let state = breaker.state(at: .s(1001))
    let next = try restored(breaker.savedState(at: .s(1001), unixTime: noon), after: 1e6)
    #expect(next.state(at: .s(1e6)) == state)
  }

  @Test(arguments: [
    (ramp: 100.0, after: 30.0, state: CircuitBreakerState.recovering(until: .s(67))),
    (ramp: 100, after: 90, state: .closed), (ramp: 20, after: 0, state: .recovering(until: .s(27))),
    (ramp: 0, after: 0, state: .closed),
  ])
  func aRampGoesOnWithinThatOfThePolicy(ramp: Double, after: Double, state: CircuitBreakerState) throws {
    func policy(_ ramp: Double) -> CircuitBreakerPolicy {
      CircuitBreakerPolicy(
        window: .count(4), openTime: .seconds(5), openTimeJitter: 0, halfOpenPermits: 1,
        rampTime: .seconds(ramp))
    }
    let breaker = CircuitBreaker("payment", policy: policy(100))
    breaker.trip(at: .s(0))
    breaker.call(.success, at: .s(5))
    let saved = breaker.savedState(at: .s(15), unixTime: noon)
    let next = try restored(saved, after: after, policy(ramp))
    #expect(next.state(at: .s(7)) == state)
    #expect(next.call(.success, at: .s(7)))
  }

  @Test func inTheNextProcessByItsOwnClocks() throws {
    let saved = Log<CircuitBreakerSavedState>()
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      for _ in 0..<4 { try? await breaker.run { throw Broken() } }
      saved.append(breaker.savedState())
    }
    let kinds = Log<CircuitBreakerEvent.Kind>()
    try Simulation(seed: 2).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small(), restoring: saved.entries[0]) {
        kinds.append($0.kind)
      }
      let until = sim.now.advanced(by: .seconds(5))
      #expect(kinds.entries == [.restored(.open(until: until))])
      let open = await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
      #expect(open?.retryAt == until)
      try await sim.sleep(for: .seconds(5))
      try await breaker.run {}
      #expect(breaker.state(at: sim.now) == .closed)
    }
  }

  @Test func readsWhatTheDocumentationShows() throws {
    let state = try saved(
      """
      { "state": "open", "remaining": "1500ms", "openTime": "2s", "reopenings": 1,
        "savedAt": 1795694400000000000 }
      """)
    #expect(try restored(state, after: 0).state(at: .s(7)) == .open(until: .s(8.5)))
    #expect(try handed(state) == state)
  }

  @Test(arguments: [
    (#"{}"#, "state must be one of closed, open, halfOpen, recovering, forcedOpen, disabled, metricsOnly"),
    (#"{"state":"ajar","savedAt":1}"#, "state must be one of closed"),
    (#"{"state":"open","savedAt":1}"#, "remaining must be stated"),
    (#"{"state":"open","remaining":"-1s","savedAt":1}"#, "remaining must be"),
    (#"{"state":"closed"}"#, "savedAt must be a whole number, was missing"),
    (#"{"state":"closed","savedAt":"today"}"#, "savedAt must be a whole number"),
    (#"{"state":"closed","savedAt":1,"reopenings":-1}"#, "reopenings must be in 0"),
    (#"{"state":"closed","savedAt":1,"reopnings":1}"#, "reopnings must be left out"),
    (#"[]"#, "document must be made of the fields"),
  ])
  func aBadDocumentNamesItsField(json: String, text: String) {
    let fault = #expect(throws: InvalidSetting.self) { try saved(json) }
    #expect(fault?.description.hasPrefix(text) == true, "\(fault.map { "\($0)" } ?? "")")
  }

  @Test func theLongestAndTheLatestDoNotTrap() throws {
    let state = try saved(
      #"{"state":"open","remaining":"2562047h","openTime":"2562047h","reopenings":2147483647,"savedAt":-9223372036854775808}"#
    )
    for (now, unixTime) in [(Int64.max, Int64.max), (.min, .min), (0, .max), (.max, .min)] {
      let breaker = CircuitBreaker("payment", policy: .small())
      let now = Instant(nanoseconds: now)
      breaker.restore(state, at: now, unixTime: UnixTime(nanoseconds: unixTime))
      breaker.call(.failure, at: now)
      _ = breaker.savedState(at: now, unixTime: UnixTime(nanoseconds: .min))
      _ = breaker.snapshot(at: now)
    }
  }

  /// What is saved can be read, also after the last number that can.
  @Test func itGrowsNoFurtherThanItCanBeRead() throws {
    let most = try saved(
      #"{ "state": "halfOpen", "openTime": "5s", "reopenings": 2147483647, "savedAt": 0 }"#)
    let breaker = CircuitBreaker("payment")
    breaker.restore(most, at: .s(0), unixTime: UnixTime(nanoseconds: 0))
    for _ in 0..<3 {
      if case .admitted(let permit) = breaker.admit(at: .s(0)) { permit.finish(.failure, at: .s(0)) }
    }
    #expect(breaker.snapshot(at: .s(0)).reopenings > 2_147_483_647)
    let again = breaker.savedState(at: .s(0), unixTime: UnixTime(nanoseconds: 0))
    #expect(try handed(again) == again)
  }
}

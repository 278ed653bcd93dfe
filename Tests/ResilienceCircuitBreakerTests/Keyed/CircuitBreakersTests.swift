import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct CircuitBreakersTests {
  /// Idle after a hundred seconds.
  private func breakers(max: Int = 1000) -> CircuitBreakers<Int> {
    CircuitBreakers(
      "stock",
      policy: CircuitBreakerPolicy(
        window: .count(4), minimumThroughput: 4, openTime: .seconds(5), maxOpenTime: .seconds(60),
        openTimeJitter: 0, maxRetryAfter: .seconds(100), halfOpenPermits: 1),
      maxBreakers: max, idleTime: .seconds(100))
  }

  @Test func eachKeyHasItsOwn() {
    let breakers = breakers()
    breakers.breaker(for: 1, at: .s(0)).trip(at: .s(0))
    #expect(breakers.breaker(for: 1, at: .s(1)).state(at: .s(1)) == .open(until: .s(5)))
    #expect(breakers.breaker(for: 2, at: .s(1)).state(at: .s(1)) == .closed)
    #expect(breakers.breaker(for: 1, at: .s(2)) === breakers.breaker(for: 1, at: .s(3)))
    #expect(breakers.breaker(for: 1, at: .s(2)).name == "stock/1")
  }

  /// Against breakers that are all kept, and made anew after the idle time.
  @Test(arguments: 1...5)
  func forgettingMakesNoDifference(seed: UInt64) {
    let table = breakers(max: 300)
    let policy = table.breaker(for: -1, at: .s(0)).policy
    var kept: [Int: (breaker: CircuitBreaker, askedAt: Int64)] = [:]
    let random = SeededRandomSource(seed: seed)
    var now = Instant.s(0)
    var isSame = true
    for _ in 0..<5000 {
      now = now.advanced(by: .milliseconds(random.next(below: 3000)))
      // Half of the calls go to a handful of keys, the others to a thousand.
      let key = random.next(below: 2) == 0 ? random.next(below: 20) : random.next(below: 1000)
      let tick = now.nanoseconds / (100_000_000_000 / 64)
      let isNew = kept[key].map { tick - $0.askedAt > 64 } ?? true
      let breaker = isNew ? CircuitBreaker("\(key)", policy: policy) : kept[key]?.breaker
      kept[key] = breaker.map { ($0, tick) }
      let verdict: Verdict = random.next(below: 5) < 3 ? .failure : .success
      let isAdmitted = table.breaker(for: key, at: now).call(verdict, at: now)
      isSame = isSame && isAdmitted == breaker?.call(verdict, at: now)
    }
    #expect(isSame)
    #expect(kept.count > 900)
    let snapshot = table.snapshot()
    #expect(snapshot.breakers <= 300 && snapshot.unguarded == 0)
  }

  @Test func anIdleOneIsAsNew() {
    let breakers = breakers()
    breakers.breaker(for: 1, at: .s(0)).trip(at: .s(0))
    #expect(breakers.breaker(for: 1, at: .s(100)).state(at: .s(100)) == .halfOpen)
    #expect(breakers.breaker(for: 1, at: .s(300)).state(at: .s(300)) == .closed)
  }

  /// Its open time can be longer than the idle time, when the policy has changed since.
  @Test func oneThatIsOpenIsNotForgottenBeforeItsOpenTimeIsOver() {
    let breakers = breakers(max: 2)
    breakers.update(
      CircuitBreakerPolicy(
        window: .count(4), minimumThroughput: 4, openTime: .seconds(1000), openTimeJitter: 0,
        halfOpenPermits: 1))
    for key in 1...2 { breakers.breaker(for: key, at: .s(0)).trip(at: .s(0)) }
    _ = breakers.breaker(for: 3, at: .s(900))
    #expect(breakers.breaker(for: 1, at: .s(999)).state(at: .s(999)) == .open(until: .s(1000)))
    #expect(breakers.breaker(for: 2, at: .s(999)).rejects(at: .s(999)))
    #expect(breakers.breaker(for: 4, at: .s(1200)).name == "stock/4")
  }

  /// The policy may come out of a document.
  @Test func anIdleTimeBelowTheLongestOpenTimeCountsAsThat() {
    func idleTime(_ policy: CircuitBreakerPolicy, _ idleTime: Duration = .seconds(600)) -> Duration {
      CircuitBreakers<Int>("stock", policy: policy, idleTime: idleTime).idleTime
    }
    #expect(idleTime(CircuitBreakerPolicy()) == .seconds(600))
    #expect(idleTime(CircuitBreakerPolicy(openTime: .seconds(3600), halfOpenPermits: 1)) == .seconds(3600))
    #expect(
      idleTime(
        CircuitBreakerPolicy(
          openTime: .seconds(5), maxOpenTime: .seconds(60), maxRetryAfter: .seconds(900), halfOpenPermits: 1))
        == .seconds(900))
    #expect(idleTime(CircuitBreakerPolicy(), .seconds(-1)) == .seconds(300))
  }

  @Test func oneThatIsHeldOrToldByHandIsNeverForgotten() {
    let breakers = breakers(max: 2)
    let held = breakers.breaker(for: 1, at: .s(0))
    breakers.breaker(for: 2, at: .s(0)).set(.forcedOpen, at: .s(0))
    for key in 3..<10 { _ = breakers.breaker(for: key, at: .s(1000)) }
    #expect(breakers.breaker(for: 1, at: .s(2000)) === held)
    #expect(breakers.breaker(for: 2, at: .s(2000)).state(at: .s(2000)) == .forcedOpen)
  }

  @Test func aCallThatGoesUnguardedMakesNoBreaker() {
    let breakers = CircuitBreakers<CountedKey>("tenant", maxBreakers: 10)
    let named = Log<Int>()
    for number in 0..<1000 { _ = breakers.breaker(for: CountedKey(number: number, named: named), at: .s(0)) }
    #expect(named.entries == Array(0..<10))
    #expect(breakers.snapshot().unguarded == 990)
  }

  @Test func aKnownKeyWhoseBreakerIsIdleKeepsItsPlaceInAFullTable() {
    let breakers = breakers(max: 2)
    func holding(_ body: (CircuitBreaker) -> Void) { body(breakers.breaker(for: 1, at: .s(0))) }
    holding { held in
      held.trip(at: .s(0))
      _ = breakers.breaker(for: 2, at: .s(200))
      // Looks for room in vain: the first is held, the second was asked for just now.
      _ = breakers.breaker(for: 3, at: .s(200))
    }
    #expect(breakers.breaker(for: 1, at: .s(200)).name == "stock/1")
    #expect(breakers.breaker(for: 1, at: .s(200)).state(at: .s(200)) == .closed)
    #expect(breakers.snapshot().unguarded == 1)
  }

  @Test func aFloodOfKeysNeitherPushesTheKnownOnesOutNorIsRefused() {
    let breakers = breakers(max: 300)
    for key in 0..<10 { breakers.breaker(for: key, at: .s(0)).trip(at: .s(0)) }
    var refused = 0
    for key in 1000..<6000 {
      let now = Instant.s(Double(key - 1000) / 2500)
      for _ in 0..<2 where !breakers.breaker(for: key, at: now).call(.failure, at: now) { refused += 1 }
    }
    #expect(refused == 0)
    for key in 0..<10 { #expect(breakers.breaker(for: key, at: .s(3)).rejects(at: .s(3))) }
    let snapshot = breakers.snapshot()
    #expect(snapshot.breakers == 300)
    #expect(snapshot.unguarded == 2 * (5000 - 290))
  }

  @Test func aNewPolicyIsForAllOfThem() {
    let breakers = breakers()
    let old = breakers.breaker(for: 1, at: .s(0))
    breakers.update(
      CircuitBreakerPolicy(
        window: .count(2), openTime: .seconds(5), maxOpenTime: .seconds(60), halfOpenPermits: 1))
    #expect(old.policy.window == .count(2))
    #expect(breakers.breaker(for: 2, at: .s(0)).policy.window == .count(2))
  }

  @Test func theDecoratorGuardsEachKeyForItself() throws {
    try Simulation(seed: 1).run { _ in
      let breakers = CircuitBreakers<String>("tenants", policy: .small())
      let call = ServiceCall { (tenant: String) in if tenant == "broken" { throw Broken() } }
        .circuitBreaker(breakers, by: { $0 })
      for _ in 0..<4 { await #expect(throws: Broken.self) { try await call("broken") } }
      let error = await #expect(throws: CircuitOpen.self) { try await call("broken") }
      #expect(error?.breaker == "tenants/broken")
      try await call("well")
      await #expect(throws: CircuitOpen.self) { try await breakers.run(key: "broken") {} }
      #expect(try await breakers.run(key: "well") { 42 } == 42)
      #expect(breakers.snapshot().notClosed == 1)
    }
  }

  @Test func threadsGetTheSameBreaker() async {
    let breakers = breakers()
    let all = await withTaskGroup { group in
      for index in 0..<64 {
        group.addTask { @concurrent in breakers.breaker(for: index % 4, at: .s(0)) }
      }
      return await group.reduce(into: Set<ObjectIdentifier>()) { $0.insert(ObjectIdentifier($1)) }
    }
    #expect(all.count == 4)
  }
}

/// A key that notes when a breaker is named after it.
private struct CountedKey: Hashable, CustomStringConvertible {
  let number: Int
  let named: Log<Int>

  static func == (one: CountedKey, other: CountedKey) -> Bool { one.number == other.number }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }

  var description: String {
    named.append(number)
    return "\(number)"
  }
}

import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceCircuitBreaker

/// A key that counts how often it is hashed, and runs the user's code when it is named and when it goes.
private final class Witness: Hashable, Sendable, CustomStringConvertible {
  let id: Int
  let hashes = Atomic<Int>(0)
  let onName: @Sendable () -> Void
  let onEnd: @Sendable () -> Void

  init(_ id: Int, onEnd: @escaping @Sendable () -> Void = {}, onName: @escaping @Sendable () -> Void = {}) {
    self.id = id
    self.onName = onName
    self.onEnd = onEnd
  }

  deinit { onEnd() }

  static func == (lhs: Witness, rhs: Witness) -> Bool { lhs.id == rhs.id }

  func hash(into hasher: inout Hasher) {
    hashes.wrappingAdd(1, ordering: .relaxed)
    hasher.combine(id)
  }

  var description: String {
    onName()
    return "\(id)"
  }
}

/// A key that hashes differently for each salt: a process of its own for the hash table.
private struct Salted: Hashable, Sendable, CustomStringConvertible {
  var id: Int
  var salt: Int

  var description: String { "\(id)" }
}

@Suite struct CircuitBreakersRoomTests {
  /// What is behind one lock, and is moved or looked at while it is held.
  @Test func noShardHoldsMuchMoreThanAThousand() {
    let breakers = CircuitBreakers<Int>("tenant", maxBreakers: 16_384)
    for key in 0..<17_000 { _ = breakers.breaker(for: key, at: .s(0)) }
    let counts = breakers.shards.indices.map { breakers.shards[$0].withLock { $0.count } }
    let slots = breakers.shards.indices.map { breakers.shards[$0].withLock { $0.capacity } }
    #expect(counts.reduce(0, +) == 16_384)
    // 1024 on average, and 6 standard deviations.
    #expect(counts.allSatisfy { $0 < 1216 })
    #expect(slots.allSatisfy { $0 < 1216 * 7 / 4 })
  }

  @Test func aTableNeedNotBeBounded() {
    let breakers = CircuitBreakers<Int>("tenant", maxBreakers: .max)
    for key in 0..<1000 { _ = breakers.breaker(for: key, at: .s(0)) }
    _ = breakers.breaker(for: 1000, at: .s(1000))
    #expect(breakers.snapshot() == .init(name: "tenant", breakers: 1001, notClosed: 0, unguarded: 0))
    for key in 1001...1024 { _ = breakers.breaker(for: key, at: .s(1000)) }
    #expect(breakers.snapshot().breakers == 25)
    #expect(breakers.shards.indices.count == 4096)
  }

  /// The keys that are forgotten say how many have gone with them, from one time that the lock is free to the
  /// next.
  @Test func theIdleAreForgottenAFewAtATime() {
    let counts = Log<Int>()
    let ended = Atomic<Int>(0)
    let sweeping = Atomic<Bool>(false)
    withExtendedLifetime(CircuitBreakers<Witness>("tenant", maxBreakers: 4096)) { breakers in
      for id in 0..<4096 {
        let key = Witness(
          id,
          onEnd: {
            guard sweeping.load(ordering: .relaxed) else { return }
            let number = ended.wrappingAdd(1, ordering: .relaxed).newValue
            if number % 64 == 0 { counts.append(breakers.snapshot().breakers) }
          })
        _ = breakers.breaker(for: key, at: .s(0))
      }
      sweeping.store(true, ordering: .relaxed)
      _ = breakers.breaker(for: Witness(5000), at: .s(1000))
      sweeping.store(false, ordering: .relaxed)
      #expect(breakers.snapshot().breakers == 1)
    }
    let entries = [4096] + counts.entries
    #expect(entries.count == 65)
    let most = zip(entries, entries.dropFirst()).map { $0 - $1 }.max() ?? 0
    // A shard has 256 on average; two are swept between two readings at most.
    #expect(most < 2 * 360)
  }

  /// Hashing is the user's code.
  @Test func aCallHashesItsOwnKeyOnceAndNoOther() {
    let breakers = CircuitBreakers<Witness>("tenant", maxBreakers: 2000)
    let keys = (0..<3000).map { Witness($0) }
    // The table grows, is full, and is swept.
    for key in keys { _ = breakers.breaker(for: key, at: .s(0)) }
    for key in keys { _ = breakers.breaker(for: key, at: .s(1000)) }
    #expect(keys.allSatisfy { $0.hashes.load(ordering: .relaxed) == 2 })
  }

  @Test(arguments: 1...3)
  func whoFindsRoomDoesNotDependOnHowKeysHash(seed: UInt64) {
    func run(salt: Int) -> [String] {
      let breakers = CircuitBreakers<Salted>("tenant", maxBreakers: 300)
      let random = SeededRandomSource(seed: seed)
      var now = Instant.s(0)
      return (0..<4000).map { step in
        now = now.advanced(by: .milliseconds(random.next(below: step % 1000 < 500 ? 100 : 8000)))
        let key = Salted(id: random.next(below: 1000), salt: salt)
        let name = breakers.breaker(for: key, at: now).name
        return step % 100 == 0 ? "\(name) of \(breakers.snapshot())" : name
      }
    }
    let expected = run(salt: 0)
    #expect(expected.contains("tenant/…") && expected.contains { $0 != "tenant/…" })
    for salt in 1...5 { #expect(run(salt: salt) == expected) }
  }

  /// Of 300 places, some 20 are in the first shard.
  @Test func newKeysFindRoomWhileSomebodyElseMakesIt() {
    let guarded = Atomic<Int>(0)
    let isFirst = Atomic<Bool>(true)
    withExtendedLifetime(CircuitBreakers<Witness>("tenant", maxBreakers: 300)) { breakers in
      for id in 0..<300 {
        let key = Witness(
          id,
          onEnd: {
            guard isFirst.exchange(false, ordering: .relaxed) else { return }
            for id in 1000..<2000 where breakers.breaker(for: Witness(id), at: .s(1000)).name != "tenant/…" {
              guarded.wrappingAdd(1, ordering: .relaxed)
            }
            #expect(breakers.snapshot().breakers <= 300)
          })
        _ = breakers.breaker(for: key, at: .s(0))
      }
      _ = breakers.breaker(for: Witness(5000), at: .s(1000))
      isFirst.store(false, ordering: .relaxed)
    }
    #expect(guarded.load(ordering: .relaxed) > 250)
  }

  @Test func aBreakerThatIsMadeDuringAnUpdateGoesByTheNewPolicy() {
    let breakers = CircuitBreakers<Witness>("tenant")
    let key = Witness(
      1,
      onName: {
        breakers.update(
          CircuitBreakerPolicy(
            window: .count(2), openTime: .seconds(5), maxOpenTime: .seconds(60), halfOpenPermits: 1))
      })
    #expect(breakers.breaker(for: key, at: .s(0)).policy.window == .count(2))
  }

  @Test func threadsNeverKeepMoreThanTheMost() async {
    let breakers = CircuitBreakers<Int>("tenant", maxBreakers: 500)
    let most = await withTaskGroup { group in
      for thread in 0..<4 {
        group.addTask { @concurrent in
          var most = 0
          for step in 0..<4000 {
            let now = Instant.s(Double(step))
            breakers.breaker(for: step &* 7 &+ thread, at: now).call(.success, at: now)
            if step % 100 == 0 { most = max(most, breakers.snapshot().breakers) }
            if step % 1000 == 500 {
              breakers.update(
                CircuitBreakerPolicy(
                  window: .count(step + thread), openTime: .seconds(5), maxOpenTime: .seconds(60),
                  halfOpenPermits: 1))
            }
          }
          return most
        }
      }
      return await group.reduce(0) { max($0, $1) }
    }
    // A snapshot is of one shard after the other: what is forgotten in one meanwhile has its place in the
    // next.
    #expect(most <= 1000)
    let kept = breakers.shards.indices.map { breakers.shards[$0].withLock { $0.count } }.reduce(0, +)
    #expect(kept == 500 - breakers.places.count)
    #expect(kept <= 500)
    // All go by the policy that was given last, whatever the order of the threads.
    let policies = Set(
      breakers.shards.indices.flatMap { breakers.shards[$0].withLock { $0.breakers() } }.map(\.policy))
    #expect(policies.count == 1)
  }
}

import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceRateLimiter

/// A key that hashes differently for each salt: a process of its own for the hash table.
private struct Salted: Hashable, Sendable {
  var id: Int
  var salt: UInt64
}

/// A key that counts itself, and runs the user's code when it goes.
private final class Witness: Hashable, Sendable {
  let id: Int
  let onEnd: @Sendable () -> Void

  init(_ id: Int, onEnd: @escaping @Sendable () -> Void) {
    self.id = id
    self.onEnd = onEnd
  }

  deinit { onEnd() }

  static func == (lhs: Witness, rhs: Witness) -> Bool { lhs.id == rhs.id }
  func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

@Suite struct KeyedRateLimiterRoomTests {
  /// A thousand customers and a flood of invented ones, against a limiter of 300 keys.
  private func decisions(seed: UInt64, salt: UInt64) -> [RateLimitDecision] {
    let random = SeededRandomSource(seed: seed)
    let limiter = KeyedRateLimiter<Salted>("gateway", limit: .perSecond(3, burst: 4), maxKeys: 300)
    var now = Instant.s(0)
    return (0..<8000).map { step in
      now = now.advanced(byNanoseconds: Int64(random.next(below: step % 2000 < 1000 ? 400_000 : 8_000_000)))
      if step == 6000 { limiter.update(.perSecond(10, burst: 3), at: now) }
      if step % 500 == 499 {
        #expect(limiter.snapshot(at: now).keys <= 300)
        limiter.forgetIdleKeys(at: now)
      }
      let key = Salted(id: random.next(below: 1000), salt: salt)
      return limiter.tryAcquire(1 + random.next(below: 3), key: key, at: now)
    }
  }

  /// The fingerprint is the same in every process, each of which hashes in its own way.
  @Test func noAnswerDependsOnHowKeysHash() {
    let expected = decisions(seed: 1, salt: 0)
    #expect(expected.contains { $0 == .acquired })
    for salt in 1...8 as ClosedRange<UInt64> { #expect(decisions(seed: 1, salt: salt) == expected) }
    var fingerprint: UInt64 = 0
    for decision in expected {
      let word: UInt64 =
        switch decision {
        case .acquired: 1
        case .refused(let retryAt): retryAt.map { UInt64($0.nanoseconds) } ?? 2
        case .impossible: 3
        }
      fingerprint = (fingerprint &* 6_364_136_223_846_793_005 &+ word) ^ (fingerprint >> 31)
    }
    #expect(fingerprint == 11_403_249_237_297_611_703)
  }

  @Test func row42_keysAreBoundedWhateverThreadsDo() async {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(1, burst: 2), maxKeys: 500)
    let admitted = await withTaskGroup(of: Int.self) { group in
      for thread in 0..<4 {
        group.addTask {
          (0..<5000).count { limiter.tryAcquire(key: $0 &* 4 &+ thread, at: .s(1)) == .acquired }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 500)
    #expect(limiter.snapshot(at: .s(1)).keys == 500)
    #expect(limiter.snapshot(at: .s(1)).refused == 19_500)
  }

  @Test func permitsAreConservedWhateverThreadsDo() async {
    let limiter = KeyedRateLimiter<String>("gateway", limit: .perHour(1, burst: 40), maxKeys: 200)
    let admitted = await withTaskGroup(of: Int.self) { group in
      for thread in 0..<4 as Range<UInt64> {
        group.addTask {
          let random = SeededRandomSource(seed: thread)
          return (0..<6000).count { step in
            if step % 1000 == 0 { limiter.forgetIdleKeys(at: .s(0)) }
            return limiter.tryAcquire(key: "customer \(random.next(below: 150))", at: .s(0)) == .acquired
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 150 * 40)
    #expect(limiter.snapshot(at: .s(0)).acquired == 150 * 40)
  }

  @Test func keysOfAllSizesAreFoundAgain() {
    struct Wide: Hashable, Sendable { var words: (Int) = 0; var text = ""; var small: UInt8 = 0 }
    func check<Key: Hashable & Sendable>(_ keys: [Key]) {
      let limiter = KeyedRateLimiter<Key>("gateway", limit: .perSecond(1, burst: 2))
      for permits in [1, 1] {
        for key in keys { #expect(limiter.tryAcquire(permits, key: key, at: .s(0)) == .acquired) }
      }
      for key in keys { #expect(limiter.tryAcquire(key: key, at: .s(0)) == .refused(retryAt: .s(1))) }
      #expect(limiter.snapshot(at: .s(0)).keys == keys.count)
    }
    check((0...255).map { UInt8($0) })
    check((0..<3000).map { UInt32($0) })
    check((0..<300).map { "a rather long name of a customer, \($0)" })
    check((0..<300).map { Wide(words: $0, text: "\($0)", small: 1) })
    check([Int?.none] + (0..<300).map { Optional($0) })
    check([true, false])
  }

  @Test func row42_aKeyTakesAtMost48BytesBesideItself() {
    func bytes<Key>(_ limiter: KeyedRateLimiter<Key>) -> Int {
      limiter.shards.indices.reduce(0) { sum, index in
        sum + MemoryLayout<Lock<KeyShard<Key>>>.stride
          + limiter.shards[index].withLock { $0.table.capacity * KeyTable<Key, Int64>.bytesPerSlot }
      }
    }
    func check<Key: Hashable & Sendable>(_ key: (Int) -> Key) {
      let limiter = KeyedRateLimiter<Key>("gateway", limit: .perSecond(1, burst: 2), maxKeys: 20_000)
      for count in 1...10_000 {
        _ = limiter.tryAcquire(key: key(count), at: .s(0))
        if count % 1000 == 0 { #expect(bytes(limiter) / count <= 48 + MemoryLayout<Key>.size) }
      }
      limiter.forgetIdleKeys(at: .s(2))
      #expect(bytes(limiter) < 20_000)
    }
    check { $0 }
    check { "customer \($0)" }
  }

  @Test func idleKeysAreLetGoWhileOthersAreUsed() {
    let ended = Atomic<Int>(0)
    let limiter = KeyedRateLimiter<Witness>("gateway", limit: .perSecond(10, burst: 5))
    for id in 0..<2000 {
      _ = limiter.tryAcquire(key: Witness(id, onEnd: { ended.wrappingAdd(1, ordering: .relaxed) }), at: .s(0))
    }
    #expect(ended.load(ordering: .relaxed) == 0)
    // One busy key: within a second every shard has been looked at.
    let busy = Witness(5000, onEnd: {})
    for tick in 0..<300 {
      #expect(limiter.tryAcquire(key: busy, at: .s(1 + Double(tick) / 100)) != .impossible)
    }
    #expect(ended.load(ordering: .relaxed) == 2000)
  }

  @Test func idleKeysAreLetGoWhenAskedFor() {
    let ended = Atomic<Int>(0)
    let limiter = KeyedRateLimiter<Witness>("gateway", limit: .perSecond(10, burst: 5))
    for id in 0..<2000 {
      _ = limiter.tryAcquire(
        id < 500 ? 5 : 1, key: Witness(id, onEnd: { ended.wrappingAdd(1, ordering: .relaxed) }), at: .s(0))
    }
    limiter.forgetIdleKeys(at: .s(0.2))
    #expect(limiter.snapshot(at: .s(0.2)).keys == 500)
    #expect(ended.load(ordering: .relaxed) >= 1000)
    limiter.forgetIdleKeys(at: .s(0.5))
    #expect(ended.load(ordering: .relaxed) == 2000)
  }

  /// What a key does when it is released is the user's code: outside every lock.
  @Test func aKeyMayUseTheLimiterWhenItEnds() {
    let limiter = KeyedRateLimiter<Witness>("gateway", limit: .perSecond(10, burst: 5))
    let ended = Atomic<Int>(0)
    let other = Witness(-1, onEnd: {})
    for id in 0..<1000 {
      let key = Witness(id) { [weak limiter] in
        ended.wrappingAdd(1, ordering: .relaxed)
        _ = limiter?.tryAcquire(key: other, at: .s(0))
      }
      #expect(limiter.tryAcquire(key: key, at: .s(Double(id) / 200)) == .acquired)
    }
    limiter.forgetIdleKeys(at: .s(10))
    #expect(ended.load(ordering: .relaxed) == 1000)
  }

  @Test func row42_aKeyIsKeptUntilTheVeryNanosecondAtWhichItsBucketIsFull() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 2))
    for key in 1000..<3000 { #expect(limiter.tryAcquire(key: key, at: .s(-1)) == .acquired) }
    for key in 0..<20 { #expect(limiter.tryAcquire(key: key, at: .s(0)) == .acquired) }
    limiter.forgetIdleKeys(at: .ns(99_999_999))
    for key in 0..<20 {
      #expect(limiter.tryAcquire(2, key: key, at: .ns(99_999_999)) == .refused(retryAt: .s(0.1)))
    }
    #expect(limiter.snapshot(at: .ns(99_999_999)).keys == 20)
    #expect(limiter.snapshot(at: .s(0.1)).keys == 0)
  }

  /// The countSchedule is of no concern to them.
  @Test func aKeyThatIsKnownDoesNotWaitUntilAllAreCounted() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 3), maxKeys: 100)
    #expect(limiter.tryAcquire(key: 1, at: .s(0)) == .acquired)
    limiter.countSchedule.withLock { _ in
      #expect(limiter.tryAcquire(2, key: 1, at: .s(0)) == .acquired)
      #expect(limiter.tryAcquire(key: 1, at: .s(0)) == .refused(retryAt: .s(0.1)))
      #expect(limiter.tryAcquire(4, key: 1, at: .s(0)) == .impossible)
      #expect(limiter.tryAcquire(key: 1, at: .s(1)) == .acquired)
      #expect(limiter.fields(of: 1, at: .s(1)).remaining == "2")
      #expect(limiter.snapshot(at: .s(1)).keys == 1)
    }
  }

  /// Somebody counts all keys, which takes milliseconds: here for as long as the others take.
  @Test func aKeyThatIsNewDoesNotWaitUntilAllAreCountedAndLooksInItsOwnShard() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 3), maxKeys: 100)
    for key in 0..<100 { #expect(limiter.tryAcquire(key: key, at: .s(0)) == .acquired) }
    guard case .count = limiter.countSchedule.withLock({ $0.begin(at: .s(0)) }) else {
      Issue.record("somebody counts already")
      return
    }
    #expect(limiter.tryAcquire(key: 1000, at: .s(0.05)) == .refused(retryAt: .ns(50_000_000 + 18_750_000)))
    #expect((1000..<2000).count { limiter.tryAcquire(key: $0, at: .s(1)) == .acquired } == 100)
    #expect(limiter.snapshot(at: .s(1)).keys == 100)
  }

  /// Without a rate no place is ever free, and nobody needs to count again.
  @Test func whatACountFindsOutIsVoidWhenThereIsAnotherLimitMeanwhile() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(0, burst: 3), maxKeys: 100)
    for key in 0..<100 { #expect(limiter.tryAcquire(key: key, at: .s(0)) == .acquired) }
    let opening = limiter.countSchedule.withLock { $0.begin(at: .s(0)) }
    guard case .count(let number) = opening else {
      Issue.record("nobody is to count: \(opening)")
      return
    }
    limiter.update(.perSecond(10, burst: 3), at: .s(0))
    limiter.countSchedule.withLock { $0.end(number, nextCount: .never) }
    #expect((1000..<2000).count { limiter.tryAcquire(key: $0, at: .s(1)) == .acquired } == 100)
  }

  /// Two threads read the clock and come in the wrong order.
  @Test func anUpdateThatComesLateBringsNoKeyBackThatWasForgotten() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 3), maxKeys: 100)
    for key in 0..<100 { #expect(limiter.tryAcquire(key: key, at: .s(0)) == .acquired) }
    for key in 100..<120 { #expect(limiter.tryAcquire(key: key, at: .s(1)) == .acquired) }
    limiter.update(.perSecond(20, burst: 3), at: .s(0.05))
    // The limit is another one from 1 s on, since it was 1 s before.
    for key in 0..<100 { #expect(limiter.tryAcquire(key: key, at: .s(0.05)) != .acquired) }
    for key in 100..<120 { #expect(limiter.tryAcquire(3, key: key, at: .s(1.04)) != .acquired) }
    #expect(limiter.snapshot(at: .s(1.04)).keys == 20)
    #expect((1000..<2000).count { limiter.tryAcquire(key: $0, at: .s(1)) == .acquired } == 80)
    #expect(limiter.places.count == 0)
    for key in 100..<120 { #expect(limiter.tryAcquire(3, key: key, at: .s(1.05)) == .acquired) }
  }

  @Test func placesAreConservedAndTheLastLimitHoldsWhateverThreadsDo() async {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(100, burst: 2), maxKeys: 300)
    await withTaskGroup { group in
      for thread in 0..<4 {
        group.addTask { @concurrent in
          let random = SeededRandomSource(seed: UInt64(thread))
          for step in 0..<5000 {
            let now = Instant.ns(Int64(step) * 50_000)
            _ = limiter.tryAcquire(key: random.next(below: 1000), at: now)
            if step % 500 == thread { limiter.update(.perSecond(50 + thread + step, burst: 2), at: now) }
          }
        }
      }
    }
    let shards = limiter.shards.indices.map { index in
      limiter.shards[index].withLock { ($0.placesTaken, $0.rate) }
    }
    #expect(limiter.places.count >= 0)
    #expect(limiter.places.count + shards.map(\.0).reduce(0, +) == 300)
    #expect(shards.allSatisfy { $0.1 == GenericCellRate(limiter.limit) })
  }

  /// A thousand shards: threads that change the limit at one time overtake each other on the way.
  @Test func allShardsHaveTheLastLimitWhoeverComesLast() async {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(1), maxKeys: 1_000_000)
    for round in 1...30 {
      await withTaskGroup { group in
        for thread in 0..<3 {
          group.addTask { @concurrent in limiter.update(.perSecond(round * 3 + thread), at: .s(0)) }
        }
      }
      let last = GenericCellRate(limiter.limit)
      let others = limiter.shards.indices.count { limiter.shards[$0].withLock { $0.rate } != last }
      #expect(others == 0)
    }
  }

  @Test func aFloodThatEndsLeavesNoTraceAfterABucketsTime() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 10), maxKeys: 100)
    for key in 0..<10_000 { _ = limiter.tryAcquire(key: key, at: .s(Double(key) / 10_000)) }
    for key in 0..<100 { #expect(limiter.tryAcquire(10, key: -key - 1, at: .s(1.2)) == .acquired) }
  }
}

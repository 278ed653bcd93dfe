import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct TimerWheelTests {
  private static let tick: Int64 = 1 << TimerWheel.tickBits

  /// Lets the wheel do all it has to do at `now`.
  private func settle(_ wheel: inout TimerWheel, at now: Int64) -> (wakesAt: Instant?, moves: Int) {
    var moves = 0
    for _ in 0..<10_000 {
      switch wheel.step(at: Instant(nanoseconds: now)) {
      case .run(let action): action.run()
      case .proceed: moves += 1
      case .wait(let instant): return (instant, moves)
      case .park: return (nil, moves)
      }
    }
    Issue.record("the wheel does not come to rest")
    return (nil, moves)
  }

  /// Instants over all levels: a second, a minute, a day, a decade.
  @Test(arguments: [30, 36, 47, 58], 0..<5 as Range<UInt64>)
  func everyTimerRunsOnceNotEarlyAndInTheTickItIsDue(bits: UInt64, seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let ran = Log<Int>()
    var wheel = TimerWheel()
    var pending: [Int: (due: Int64, token: TimerToken)] = [:]
    var (now, number, revoked) = (0 as Int64, 0, 0)
    var steps = 0
    while number < 300 || !pending.isEmpty, steps < 10_000 {
      steps += 1
      let choice = random.next(below: 4)
      if choice < 2, number < 300 {
        let due = now + Int64(random.next() >> (64 - bits)) - 1000
        pending[number] = (due, wheel.arm(at: Instant(nanoseconds: due)) { [number] in ran.append(number) })
        number += 1
      } else if choice == 2, let victim = pending.keys.min() {
        let token = pending.removeValue(forKey: victim)!.token
        let (first, second) = (wheel.disarm(token) != nil, wheel.disarm(token) != nil)
        #expect(first && !second)
        revoked += 1
      } else {
        let wakesAt = settle(&wheel, at: now).wakesAt
        #expect((wakesAt == nil) == pending.isEmpty)
        // Sometimes woken before, as by a timer that is armed meanwhile.
        if let wakesAt {
          now = random.next(below: 3) == 0 ? (now + wakesAt.nanoseconds) / 2 : wakesAt.nanoseconds
        }
        let before = ran.entries.count
        _ = settle(&wheel, at: now)
        for number in ran.entries[before...] {
          let due = pending.removeValue(forKey: number)?.due
          #expect(due.map { $0 <= now } == true, "ran early, or twice")
        }
        #expect(pending.values.allSatisfy { $0.due > now - Self.tick }, "late by a tick")
      }
      let count = wheel.count
      #expect(count == pending.count)
    }
    #expect(ran.entries.count + revoked == 300)
  }

  @Test func parksWhenTheLastTimerIsTakenBack() {
    var wheel = TimerWheel()
    let tokens = (1...1000).map { number in
      wheel.arm(at: Instant(nanoseconds: Int64(number) * 77_000_000)) { Issue.record("taken back, but ran") }
    }
    #expect(settle(&wheel, at: 0).wakesAt != nil)
    for token in tokens { _ = wheel.disarm(token) }
    #expect(settle(&wheel, at: 1_000_000_000).wakesAt == nil)
    #expect(settle(&wheel, at: .max).wakesAt == nil)
  }

  @Test(arguments: [1_000_000, 60_000_000_000, 31_536_000_000_000_000] as [Int64])
  func oneTimerWakesTheThreadOnceForEachLevelAtMost(due: Int64) {
    var wheel = TimerWheel()
    let ran = Log<Bool>()
    _ = wheel.arm(at: Instant(nanoseconds: due)) { ran.append(true) }
    var (now, wakes) = (12_345 as Int64, 0)
    while let next = settle(&wheel, at: now).wakesAt, wakes < 100 {
      now = next.nanoseconds
      wakes += 1
    }
    #expect(ran.entries == [true])
    #expect(wakes <= 8)
    #expect(now - due < Self.tick)
  }

  /// Else the slots of the turn before would be read as those of the present one.
  @Test func aTimerThatIsOverdueDoesNotTurnTheWheelBack() {
    var wheel = TimerWheel()
    let ran = Log<String>()
    let now = 64 * Self.tick
    _ = settle(&wheel, at: now)
    _ = wheel.arm(at: Instant(nanoseconds: now + 5 * Self.tick)) { ran.append("in five ticks") }
    _ = wheel.arm(at: Instant(nanoseconds: 0)) { ran.append("overdue") }
    let wakesAt = settle(&wheel, at: now).wakesAt
    #expect(wakesAt == Instant(nanoseconds: now + 5 * Self.tick))
    #expect(ran.entries == ["overdue"])
    _ = settle(&wheel, at: now + 5 * Self.tick)
    #expect(ran.entries == ["overdue", "in five ticks"])
  }

  @Test func aSlotThatIsEmptiedIsNotWokenFor() {
    var wheel = TimerWheel()
    let first = wheel.arm(at: Instant(nanoseconds: 5 * Self.tick)) {}
    let second = wheel.arm(at: Instant(nanoseconds: 5 * Self.tick)) {}
    _ = wheel.arm(at: Instant(nanoseconds: 9 * Self.tick)) {}
    _ = wheel.disarm(first)
    let withOne = settle(&wheel, at: 0).wakesAt
    #expect(withOne == Instant(nanoseconds: 5 * Self.tick))
    _ = wheel.disarm(second)
    let withNone = settle(&wheel, at: 0).wakesAt
    #expect(withNone == Instant(nanoseconds: 9 * Self.tick))
  }

  @Test func aFullSlotMovesDownInBatches() {
    var wheel = TimerWheel()
    let ran = Log<Int>()
    for number in 0..<1000 {
      _ = wheel.arm(at: Instant(nanoseconds: 60_000_000_000)) { ran.append(number) }
    }
    var now: Int64 = 0
    var moves = 0
    while let next = settle(&wheel, at: now).wakesAt, now != next.nanoseconds {
      moves += settle(&wheel, at: next.nanoseconds).moves
      now = next.nanoseconds
    }
    #expect(moves >= 1000 / TimerWheel.batchSize)
    #expect(ran.entries == Array(0..<1000), "timers of one instant run in the order of arming")
  }

  /// What the thread does between two batches does not count on the slot being whole.
  @Test func armingAndDisarmingBetweenBatchesLosesNothing() {
    var wheel = TimerWheel()
    let ran = Log<Int>()
    let due = Instant(nanoseconds: 60_000_000_000)
    let tokens = (0..<500).map { number in wheel.arm(at: due) { ran.append(number) } }
    let later = due.advanced(byNanoseconds: 1_000_000_000)
    var isFirst = true
    while case .proceed = wheel.step(at: later) {
      guard isFirst else { continue }
      isFirst = false
      for number in 0..<500 where number % 2 == 0 { _ = wheel.disarm(tokens[number]) }
      _ = wheel.arm(at: Instant(nanoseconds: 1)) { ran.append(500) }
    }
    _ = settle(&wheel, at: later.nanoseconds)
    // One action was taken out by the step that ended the loop.
    #expect(ran.entries.count >= 250)
    #expect(Set(ran.entries).count == ran.entries.count)
    let count = wheel.count
    #expect(count == 0)
  }

  @Test func neverIsTheLastTick() {
    var wheel = TimerWheel()
    _ = wheel.arm(at: Instant(nanoseconds: .max)) { Issue.record("ran") }
    var now: Int64 = 1_000_000_000
    for _ in 0..<20 {
      guard let next = settle(&wheel, at: now).wakesAt else { break }
      #expect(next.nanoseconds > now)
      now = min(next.nanoseconds, .max - (2 << TimerWheel.tickBits))
      if now != next.nanoseconds { break }
    }
    let count = wheel.count
    #expect(count == 1)
  }

  @Test func aTokenOfAGoneTimerDoesNotDisarmALaterOne() {
    var wheel = TimerWheel()
    var gone: [TimerToken] = []
    for _ in 0..<100 {
      let token = wheel.arm(at: Instant(nanoseconds: 5)) {}
      let revoked = gone.filter { wheel.disarm($0) != nil }
      #expect(revoked.isEmpty)
      let wasPending = wheel.disarm(token) != nil
      #expect(wasPending)
      gone.append(token)
    }
    #expect(Set(gone).count == 100)
    for id in [0, 100, .max, 1 << 28 | 5] as [UInt64] {
      let wasPending = wheel.disarm(TimerToken(id: id)) != nil
      #expect(!wasPending)
    }
  }
}

internal import ResilienceCore

/// The latest results, a bit or two each: exact counts over a ring.
///
/// A result that is too old to be held against the destination is forgiven: it stays, as the success it may
/// be by now, until others push it out. So time alone never makes a rate higher, and it makes no difference
/// when it is looked at.
// @unchecked: it owns its memory alone, as it cannot be copied. An array would ask for that with every
// result.
struct CountWindow: ~Copyable, @unchecked Sendable {
  private let words: UnsafeMutablePointer<UInt64>
  private let wordsForEach: Int
  private let tracksSlow: Bool
  private var position = 0
  /// How often the ring was filled.
  private var laps = 0
  private var ages: FailureAges
  let capacity: Int

  /// - Parameter maxAge: From when on a result is forgiven, in nanoseconds; `nil` for never.
  init(capacity: Int, tracksSlow: Bool, maxAge: Int64? = nil) {
    self.capacity = capacity
    self.tracksSlow = tracksSlow
    ages = FailureAges(maxAge: maxAge)
    wordsForEach = (capacity + 63) / 64
    words = .allocate(capacity: wordsForEach * 2)
    words.initialize(repeating: 0, count: wordsForEach * 2)
  }

  deinit {
    words.deallocate()
  }

  @inline(__always)
  mutating func append(_ result: CallResult, to tally: inout CallTally) {
    let index = position &>> 6
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: position & 63)
    // Most results are neither, in a place that was neither.
    if tally.failures != 0 || result.failed {
      Self.set(&words[index], bit, result.failed, &tally.failures)
    }
    if tally.slow != 0 || (result.slow && tracksSlow) {
      Self.set(&words[wordsForEach &+ index], bit, result.slow, &tally.slow)
    }
    position &+= 1
    if position == capacity {
      position = 0
      laps &+= 1
    }
    if tally.calls < capacity { tally.calls &+= 1 }
  }

  @inline(__always)
  private static func set(_ word: inout UInt64, _ bit: UInt64, _ isSet: Bool, _ count: inout Int) {
    guard (word & bit != 0) != isSet else { return }
    word ^= bit
    count &+= isSet ? 1 : -1
  }

  /// Appends so many results that were neither.
  mutating func append(successes count: Int, to tally: inout CallTally) {
    clear(min(count, capacity), &tally)
    laps &+= (position + count) / capacity
    position = (position + count) % capacity
    tally.calls = min(tally.calls + count, capacity)
  }

  /// Makes the oldest `count` places those of results that were neither.
  private func clear(_ count: Int, _ tally: inout CallTally) {
    guard tally.failures != 0 || tally.slow != 0 else { return }
    var left = count
    var place = position
    while left > 0 {
      // As many as are left in the word and in the ring.
      let (index, shift) = (place >> 6, place & 63)
      let run = min(left, 64 - shift, capacity - place)
      let bits = (run == 64 ? UInt64.max : 1 << UInt64(run) - 1) << UInt64(shift)
      tally.failures -= (words[index] & bits).nonzeroBitCount
      tally.slow -= (words[wordsForEach + index] & bits).nonzeroBitCount
      words[index] &= ~bits
      words[wordsForEach + index] &= ~bits
      left -= run
      place = place + run == capacity ? 0 : place + run
    }
  }

  mutating func removeAll() {
    words.update(repeating: 0, count: wordsForEach * 2)
    position = 0
    laps = 0
    ages.removeAll()
  }

  /// Appends the latest `count` results of another window, oldest first.
  mutating func append(latest count: Int, of other: borrowing CountWindow, to tally: inout CallTally) {
    for age in stride(from: count, to: 0, by: -1) {
      let place = (other.position - age + other.capacity) % other.capacity
      let (index, bit) = (place >> 6, UInt64(1) << UInt64(place & 63))
      let failed = other.words[index] & bit != 0
      let slow = other.words[other.wordsForEach + index] & bit != 0
      append(CallResult(failed: failed, slow: slow && tracksSlow), to: &tally)
    }
    ages.append(other.ages, shift: appended &- other.appended)
  }
}

// MARK: - Ages

extension CountWindow {
  private var appended: Int { laps &* capacity &+ position }

  /// Notes when the latest result came, which is a failure or slow.
  mutating func noteAge(at now: Instant) {
    ages.note(appended, at: now)
  }

  /// Forgives what has passed its age by `now`.
  ///
  /// - Returns: How many results came after the latest of it; `nil` if there was nothing.
  mutating func forgive(by now: Instant, _ tally: inout CallTally) -> Int? {
    guard let passed = ages.pass(to: now) else { return nil }
    let kept = appended &- passed
    if kept < capacity { clear(capacity - kept, &tally) }
    return kept
  }
}

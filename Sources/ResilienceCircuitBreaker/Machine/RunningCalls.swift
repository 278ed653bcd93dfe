internal import ResilienceCore

/// The calls under way, by the time they began: how many have run past the threshold is known without a timer.
///
/// Kept by eighths of the threshold: bounded memory, however many calls run. A slice is overdue as a whole, when its
/// youngest call is sure to be.
struct RunningCalls: Sendable {
  private let threshold: Int64
  private let sliceNanoseconds: Int64
  private var slices = InlineArray<16, Int32>(repeating: 0)
  private var present = Int64.min
  /// The latest slice that was found overdue.
  private var overdueThrough = Int64.min
  private(set) var overdue = 0

  init(threshold: Int64) {
    self.threshold = threshold
    sliceNanoseconds = max(1, threshold / 8 + (threshold % 8 == 0 ? 0 : 1))
  }

  /// Counts a call in; what is due by `now` must have been expired.
  ///
  /// - Returns: When it began, to be handed to ``leave(_:)``: `now`, or later if time had been further before.
  mutating func enter(at now: Instant) -> Int64 {
    let slice = now.nanoseconds.flooredDivision(by: sliceNanoseconds)
    if slice > present {
      present = slice
      // What began nine slices ago is overdue, and has been found so: the ring has room for all the others.
      overdueThrough = max(overdueThrough, slice - 9)
    }
    slices[place(of: present)] += 1
    return slice < present ? present * sliceNanoseconds : now.nanoseconds
  }

  mutating func leave(_ start: Int64) {
    let slice = start.flooredDivision(by: sliceNanoseconds)
    if slice <= overdueThrough {
      overdue -= 1
    } else {
      slices[place(of: slice)] -= 1
    }
  }

  /// Whether any calls can be overdue by `now` that were not found so: a quick look before the thorough one.
  @inline(__always)
  func mayExpire(by now: Instant) -> Bool {
    overdueThrough < present
      && (overdueThrough &+ 2).multiplyingSaturating(sliceNanoseconds).addingSaturating(threshold)
        <= now.nanoseconds
  }

  /// When the next calls are overdue, if that is by `now`; ``expireNext()`` makes them so.
  func nextExpiry(by now: Instant) -> Instant? {
    var slice = overdueThrough
    while slice < present {
      slice += 1
      let end = (slice + 1).multiplyingSaturating(sliceNanoseconds).addingSaturating(threshold)
      guard end <= now.nanoseconds else { return nil }
      if slices[place(of: slice)] > 0 { return Instant(nanoseconds: end) }
    }
    return nil
  }

  /// Takes the calls of the first slice that has any for overdue.
  mutating func expireNext() {
    while overdueThrough < present {
      overdueThrough += 1
      let count = Int(slices[place(of: overdueThrough)])
      guard count > 0 else { continue }
      slices[place(of: overdueThrough)] = 0
      overdue += count
      return
    }
  }

  private func place(of slice: Int64) -> Int { Int(truncatingIfNeeded: slice & 15) }
}

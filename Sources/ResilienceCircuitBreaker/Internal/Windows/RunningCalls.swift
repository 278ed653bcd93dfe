internal import ResilienceCore

/// The calls under way, by the time they began: how many have run past the threshold is known without a
/// timer.
///
/// Kept by eighths of the threshold: bounded memory, however many calls run. A slice is overdue as a whole,
/// when its youngest call is sure to be.
struct RunningCalls: Sendable {
  private let threshold: Int64
  private let sliceNanoseconds: Int64
  private var slices = InlineArray<16, Int32>(repeating: 0)
  private var present = Int64.min
  /// When the present slice begins and ends: most calls begin and end in it, and need no division.
  private var (presentBegin, presentEnd) = (Int64.max, Int64.max)
  /// The latest slice that was found overdue.
  private var overdueThrough = Int64.min
  /// When the next one can be.
  private var dueAt = Int64.max
  private(set) var overdue = 0

  init(threshold: Int64) {
    self.threshold = threshold
    sliceNanoseconds = max(1, threshold / 8 + (threshold % 8 == 0 ? 0 : 1))
  }

  /// Counts a call in; what is due by `now` must have been expired.
  ///
  /// - Returns: When it began, to be handed to ``leave(_:)``: `now`, or later if time had been further
  ///   before.
  @inline(__always)
  mutating func enter(at now: Instant) -> Instant {
    guard isInPresentSlice(now), overdueThrough < present else { return enterSlowly(at: now) }
    slices[place(of: present)] += 1
    return now
  }

  /// The present slice, and when a call must begin to be in it, with nothing due before.
  var presentSlice: (number: Int64, begin: Int64, end: Int64)? {
    guard presentBegin < presentEnd, overdueThrough < present else { return nil }
    return (present, presentBegin, min(presentEnd, dueAt))
  }

  /// Counts calls of the present slice that have begun, less those that have ended.
  mutating func changePresent(by number: Int) {
    slices[place(of: present)] += Int32(number)
  }

  @inline(never)
  private mutating func enterSlowly(at now: Instant) -> Instant {
    let began = now.nanoseconds.flooredDivision(by: sliceNanoseconds).quotient
    let slice = max(began, present, overdueThrough &+ 1)
    if slice > present {
      present = slice
      presentBegin = slice.multiplyingSaturating(sliceNanoseconds)
      presentEnd = slice.addingSaturating(1).multiplyingSaturating(sliceNanoseconds)
      // What began nine slices ago is overdue, and has been found so: the ring has room for all the others.
      overdueThrough = max(overdueThrough, slice.subtractingSaturating(9))
      setDue()
    }
    slices[place(of: slice)] += 1
    return slice > began ? Instant(nanoseconds: slice.multiplyingSaturating(sliceNanoseconds)) : now
  }

  @inline(__always)
  mutating func leave(_ start: Instant) {
    let slice =
      isInPresentSlice(start)
      ? present : start.nanoseconds.flooredDivision(by: sliceNanoseconds).quotient
    if slice <= overdueThrough {
      overdue -= 1
    } else {
      slices[place(of: slice)] -= 1
    }
  }

  /// Whether any calls can be overdue by `now` that were not found so: a quick look before the thorough one.
  @inline(__always)
  func mayExpire(by now: Instant) -> Bool { dueAt <= now.nanoseconds }

  /// When the next calls are overdue, if that is by `now`; ``expireNext()`` makes them so.
  mutating func nextExpiry(by now: Instant) -> Instant? {
    // What is due at the end of time is never due.
    while mayExpire(by: now), dueAt < .max {
      if slices[place(of: overdueThrough + 1)] > 0 { return Instant(nanoseconds: dueAt) }
      overdueThrough += 1
      setDue()
    }
    return nil
  }

  /// Takes the calls that ``nextExpiry(by:)`` has found for overdue.
  mutating func expireNext() {
    overdueThrough += 1
    overdue += Int(slices[place(of: overdueThrough)])
    slices[place(of: overdueThrough)] = 0
    setDue()
  }

  private mutating func setDue() {
    dueAt =
      overdueThrough < present
      ? (overdueThrough + 2).multiplyingSaturating(sliceNanoseconds).addingSaturating(threshold) : .max
  }

  @inline(__always)
  private func isInPresentSlice(_ instant: Instant) -> Bool {
    presentBegin <= instant.nanoseconds && instant.nanoseconds < presentEnd
  }

  private func place(of slice: Int64) -> Int { Int(truncatingIfNeeded: slice & 15) }
}

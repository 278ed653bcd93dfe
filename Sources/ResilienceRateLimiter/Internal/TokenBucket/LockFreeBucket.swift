public import ResilienceCore
public import Synchronization

/// A bucket's state in one atomic word, and what is needed to read it.
///
/// Open, permits are taken from it without a lock. Whatever one word cannot do (a queue of calls that wait,
/// reservations, another limit, an instant far from the origin) closes it first and works on a
/// ``ReservingBucket``, under the bucket's lock.
///
/// ```
///         open(_:fullAt:after:at:)
///          ┌────────────────────▶ open: window > 0, state counts from origin
///        closed                     │  take(_:at:): state ─compare-exchange─▶ a later state
///          ▲                        │
///          └────────────────────────┘
///            close(): window = 0, state = a number that no one takes from, another one each time
/// ```
///
/// Only ``take(_:at:)`` runs without the bucket's lock. It can meet a close and an opening at any point of
/// it:
///
/// - Closed meanwhile: its exchange misses, since the state is another one, and it reads again.
/// - Closed and opened meanwhile: the state never comes back to a value it had before, so the exchange misses
///   too, whatever rate, origin and window were read from which opening.
/// - A refusal exchanges nothing, so it reads the state once more: unchanged, all that was read belongs to
///   one opening.
///
/// Its state is read first and exchanged first, and never has the same value after it was closed and opened.
/// So whoever has read figures of two openings misses the exchange, and a refusal counts if the state is
/// still what it was.
@usableFromInline
struct LockFreeBucket: ~Copyable, Sendable {
  /// Ticks from the origin to the instant at which the bucket is full; while closed so many that nobody takes
  /// any.
  @usableFromInline let state = Atomic<Int64>(.max)
  /// How many nanoseconds after the origin can be counted; 0 while closed.
  @usableFromInline let window = Atomic<UInt64>(0)
  @usableFromInline let origin = Atomic<Int64>(.max)
  @usableFromInline let ticksPerNanosecond: Atomic<Int64>
  @usableFromInline let interval: Atomic<Int64>
  @usableFromInline let tolerance: Atomic<Int64>

  /// How often it was closed, under the bucket's lock.
  private let closings = Atomic<UInt32>(0)

  @usableFromInline
  enum Answer {
    case taken
    /// For so many nanoseconds, unless somebody else takes permits before.
    case refused(Int64)
    /// Ask the bucket under the lock.
    case unknown
  }

  init(_ rate: GenericCellRate) {
    ticksPerNanosecond = Atomic(rate.ticksPerNanosecond)
    interval = Atomic(rate.interval)
    tolerance = Atomic(rate.tolerance)
  }

  @inlinable
  @inline(__always)
  func take(_ permits: Int, at now: Instant) -> Answer {
    while true {
      let current = state.load(ordering: .acquiring)
      let age = UInt64(bitPattern: now.nanoseconds &- origin.load(ordering: .acquiring))
      guard age < window.load(ordering: .acquiring) else { return .unknown }
      let rate = GenericCellRate(
        ticksPerNanosecond: ticksPerNanosecond.load(ordering: .acquiring),
        interval: interval.load(ordering: .acquiring), tolerance: tolerance.load(ordering: .acquiring),
        burst: 0)
      let ticks = Int64(bitPattern: age) &* rate.ticksPerNanosecond
      if let next = rate.taking(permits, from: current, at: ticks) {
        if state.weakCompareExchange(expected: current, desired: next, ordering: .relaxed).exchanged {
          return .taken
        }
      } else {
        guard permits == 1, state.load(ordering: .relaxed) == current else { return .unknown }
        let missing = UInt64(bitPattern: current &- ticks &- rate.tolerance)
        let scale = UInt64(bitPattern: rate.ticksPerNanosecond)
        return .refused(Int64(bitPattern: (missing &+ scale &- 1) / scale))
      }
    }
  }
}

// MARK: - Under the bucket's lock

extension LockFreeBucket {
  /// Of the origin's distance; a state is at most the capacity, 2⁶⁰, ahead.
  private static var mostTicks: Int64 { 1 << 62 }

  var isOpen: Bool { window.load(ordering: .relaxed) > 0 }

  /// The rate it was made with, or was opened with last.
  var rate: GenericCellRate {
    let (interval, tolerance) = (interval.load(ordering: .relaxed), tolerance.load(ordering: .relaxed))
    return GenericCellRate(
      ticksPerNanosecond: ticksPerNanosecond.load(ordering: .relaxed), interval: interval,
      tolerance: tolerance, burst: interval > 0 ? Int(tolerance / interval) + 1 : .max)
  }

  /// Takes the state out: nobody takes permits any more until it is opened.
  ///
  /// - Returns: The state, which the next one has to be another than.
  func close() -> Int64 {
    window.store(0, ordering: .releasing)
    let number = closings.wrappingAdd(1, ordering: .relaxed).newValue
    return state.exchange(.max - Int64(number), ordering: .acquiringAndReleasing)
  }

  /// When a bucket of that state is full, in ticks since the clock's zero point.
  func fullAt(_ state: Int64) -> Int128 {
    let scale = Int128(ticksPerNanosecond.load(ordering: .relaxed))
    return Int128(origin.load(ordering: .relaxed)) * scale + Int128(state)
  }

  /// Puts a state in, for permits to be taken from.
  ///
  /// - Parameter last: The state that was taken out last; -1 when there was none.
  /// - Returns: `false`, and nothing is done, when the state is out of the word's range, or the rate is 0.
  func open(_ rate: GenericCellRate, fullAt: Int128, after last: Int64, at now: Instant) -> Bool {
    guard rate.isTimed || rate.isUnlimited else { return false }
    let (newOrigin, ticks) = place(fullAt, rate, after: last, at: now)
    guard ticks <= Self.mostTicks + rate.capacity else { return false }
    origin.store(newOrigin, ordering: .releasing)
    ticksPerNanosecond.store(rate.ticksPerNanosecond, ordering: .releasing)
    interval.store(rate.interval, ordering: .releasing)
    tolerance.store(rate.tolerance, ordering: .releasing)
    state.store(Int64(ticks), ordering: .releasing)
    // No instant before the origin may look like one that is so far after it that the number wraps around.
    let left = UInt64(clamping: Int128(Int64.max) - Int128(newOrigin) + 1)
    let reach = UInt64(rate.window) * 2
    window.store(rate.isTimed ? min(reach, left) : reach, ordering: .releasing)
    return true
  }

  /// The origin to count from, and the state counted from it: another one than there has ever been.
  private func place(_ fullAt: Int128, _ rate: GenericCellRate, after last: Int64, at now: Instant)
    -> (Int64, Int128)
  {
    let scale = Int128(rate.ticksPerNanosecond)
    let oldOrigin = origin.load(ordering: .relaxed)
    let least = Int128(last) + 1
    if scale == 0 { return (0, least % (1 << 59)) }
    if oldOrigin < .max, scale == Int128(ticksPerNanosecond.load(ordering: .relaxed)) {
      // States of one origin only ever grow; where this one does not, a somewhat earlier origin makes it.
      let ticks = max(0, fullAt - Int128(oldOrigin) * scale)
      let shift = (max(0, least - ticks) + scale - 1) / scale
      let newOrigin = Int128(oldOrigin) - shift
      if (Int128(now.nanoseconds) - newOrigin) * scale <= Self.mostTicks / 2, newOrigin >= Int64.min {
        return (Int64(newOrigin), ticks + shift * scale)
      }
    }
    // A new beginning, with room for somewhat older instants. A full bucket's state is one of many that are
    // in the past.
    let newOrigin = rate.origin(for: now)
    let full = Int128(closings.load(ordering: .relaxed))
    return (newOrigin.nanoseconds, max(full, fullAt - Int128(newOrigin.nanoseconds) * scale))
  }
}

public import ResilienceCore
public import Synchronization

/// A bucket's state in one atomic word, and what is needed to read it.
///
/// Open, permits are taken from it without a lock. Whatever one word cannot do (a line of calls that wait, reservations,
/// another limit, an instant far from the origin) closes it first and works on a ``Ledger``, under the bucket's lock.
///
/// The word counts ticks from an origin, plus a phase that is another one each time it is opened. It is read first and
/// the phase last, and it is replaced before the phase: figures of two openings always miss the exchange.
@usableFromInline
struct BucketWord: ~Copyable, Sendable {
  @usableFromInline let state = Atomic<Int64>(0)
  /// How many nanoseconds after the origin can be counted; 0 while closed.
  @usableFromInline let window = Atomic<UInt64>(0)
  @usableFromInline let origin = Atomic<Int64>(.min)
  @usableFromInline let ticksPerNanosecond = Atomic<Int64>(0)
  @usableFromInline let interval = Atomic<Int64>(0)
  @usableFromInline let tolerance = Atomic<Int64>(0)
  @usableFromInline let phase = Atomic<Int64>(0)

  @usableFromInline
  enum Answer {
    case taken
    /// For so many nanoseconds, unless somebody else takes permits before.
    case refused(Int64)
    /// Ask the ledger.
    case unknown
  }

  init() {}

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
      let ticks = Int64(bitPattern: age) &* rate.ticksPerNanosecond &+ phase.load(ordering: .acquiring)
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

extension BucketWord {
  // States of one opening lie within 2⁶¹ + 2⁶⁰ of its phase. So those of the last one are far in the past of this one, and no
  // two openings have a state in common: after four rounds of the circle they are four ticks apart.
  private static var phaseStep: Int64 { 1 << 62 + 1 }
  private static var mostTicks: Int64 { 1 << 61 + 1 << 60 }

  /// Takes the state out: nobody takes permits any more until it is opened.
  ///
  /// - Returns: When the bucket is full, in ticks since the clock's zero point.
  func close() -> Int128 {
    window.store(0, ordering: .releasing)
    let old = phase.load(ordering: .relaxed)
    let new = old &+ Self.phaseStep
    let current = state.exchange(new &- 1, ordering: .acquiringAndReleasing)
    phase.store(new, ordering: .releasing)
    let scale = Int128(ticksPerNanosecond.load(ordering: .relaxed))
    return Int128(origin.load(ordering: .relaxed)) * scale + Int128(current &- old)
  }

  /// Puts a state in, for permits to be taken from.
  ///
  /// - Returns: `false`, and nothing is done, when the state is out of the word's range, or the rate is 0.
  func open(_ rate: GenericCellRate, fullAt: Int128, at now: Instant) -> Bool {
    guard rate.ticksPerNanosecond > 0 || rate.interval == 0 else { return false }
    let newOrigin = max(rate.origin(for: now).nanoseconds, origin.load(ordering: .relaxed))
    let ticks = max(0, fullAt - Int128(newOrigin) * Int128(rate.ticksPerNanosecond))
    guard ticks <= Self.mostTicks else { return false }
    origin.store(newOrigin, ordering: .releasing)
    ticksPerNanosecond.store(rate.ticksPerNanosecond, ordering: .releasing)
    interval.store(rate.interval, ordering: .releasing)
    tolerance.store(rate.tolerance, ordering: .releasing)
    state.store(phase.load(ordering: .relaxed) &+ Int64(ticks), ordering: .releasing)
    window.store(UInt64(rate.window) + 1, ordering: .releasing)
    return true
  }
}

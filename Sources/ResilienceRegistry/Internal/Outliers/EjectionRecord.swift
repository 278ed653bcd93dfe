internal import ResilienceCore

/// Whether a registration is ejected, and how often it was: each ejection takes longer than the last one, and
/// each sweep that it gets through takes one of them back (gRFC A50's multiplier).
struct EjectionRecord: BitwiseCopyable {
  var failuresInARow: UInt32 = 0
  private(set) var isEjected = false
  private(set) var endsAt = Int64.max
  private var multiplier: Int64 = 0
  /// Which sweep it was when it came back.
  private var returnedAt: UInt64 = 0

  /// - Parameter sweep: Sweeps that are over.
  /// - Returns: How long it lasts, in nanoseconds.
  mutating func begin(at now: Int64, sweep: UInt64, _ rules: OutlierRules) -> Int64 {
    let survived = sweep > returnedAt ? sweep - returnedAt : 0
    multiplier = max(0, multiplier - Int64(clamping: survived)).addingSaturating(1)
    let duration = min(rules.baseNanoseconds.multiplyingSaturating(multiplier), rules.maxNanoseconds)
    isEjected = true
    endsAt = now.addingSaturating(duration)
    failuresInARow = 0
    return duration
  }

  /// - Parameter sweep: Sweeps that are over, without the one that is at work.
  mutating func end(sweep: UInt64) {
    isEjected = false
    endsAt = .max
    failuresInARow = 0
    returnedAt = sweep + 1
  }
}

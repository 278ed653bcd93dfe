import ResilienceBulkhead
import ResilienceTestKit

extension Instant {
  static func ns(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

  /// Seconds since the clock's zero point.
  static func s(_ seconds: Double) -> Instant {
    Instant(nanoseconds: Int64((seconds * 1_000_000_000).rounded()))
  }
}

struct Broken: Error {}

/// Whether the primitive let somebody in; the permit goes back at once.
func entersAndLeaves(_ bulkhead: Bulkhead, weight: Int = 1) -> Bool {
  switch bulkhead.tryEnter(weight: weight, at: .s(0)) {
  case .entered(let permit):
    permit.leave(at: .s(0))
    return true
  case .rejected: return false
  case .impossible: return false
  }
}

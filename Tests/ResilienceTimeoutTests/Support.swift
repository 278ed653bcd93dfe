import ResilienceCore
import ResilienceTestKit

struct Failure: Error, Hashable {
  var number = 0
}

extension Instant {
  static func milliseconds(_ value: Int64) -> Instant { Instant(nanoseconds: value * 1_000_000) }
}

extension CallContext {
  /// What a call made here starts from, with a deadline.
  static func current(deadline: Instant) -> CallContext {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: deadline))
    return context
  }
}

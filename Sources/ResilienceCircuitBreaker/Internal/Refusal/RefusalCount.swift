internal import ResilienceCore
internal import Synchronization

/// How many calls a breaker has refused since it was last closed: one for all errors of that time, so that
/// each of them can say it without being made anew.
final class RefusalCount: Sendable {
  private let before: Int
  private let refused: Atomic<Int>

  /// - Parameters:
  ///   - before: Calls that the breaker had refused before.
  ///   - refused: Calls that it has refused since.
  init(before: Int, refused: Int = 0) {
    self.before = before
    self.refused = Atomic(refused)
  }

  var count: Int { refused.load(ordering: .relaxed) }

  /// Takes over how many the breaker has refused in all.
  func update(_ rejections: Int) { refused.store(rejections &- before, ordering: .relaxed) }
}

/// What a breaker answers with while it rejects: boxed once for each state.
struct BreakerRefusal: Sendable {
  let error: any Error
  let lastFailure: (any Error)?
  let count: RefusalCount
}

/// What the failure was that a breaker is being told of.
enum FailureCause: Sendable {
  case none
  case error(any Error)
  /// A value, or a bare verdict.
  case value(Pushback)

  var error: (any Error)? {
    switch self {
    case .none: nil
    case .error(let error): error
    case .value(let pushback): CircuitOpen.FailedValue(pushback: pushback)
    }
  }
}

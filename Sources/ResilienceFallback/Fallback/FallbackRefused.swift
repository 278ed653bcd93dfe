public import ResilienceCore

/// Our own layers refused a call, and its fallback too: both refusals.
///
/// Nothing was sent, so it is a refusal itself: it counts as neutral, takes no token of a retry budget, and
/// limiters outside give their permits back.
public struct FallbackRefused: Rejection, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// What refused the call.
  public let cause: any Rejection

  /// What refused the fallback.
  public let error: any Rejection

  /// Creates the error.
  public init(call: String = "", cause: any Rejection, error: any Rejection) {
    self.call = call
    self.cause = cause
    self.error = error
  }

  /// The earlier of both, of those that a retry may wait for if there is one; `nil` when neither knows.
  public var retryAt: Instant? {
    let refusals = [cause, error]
    return refusals.filter { $0.isRetryable == isRetryable }.compactMap(\.retryAt).min()
  }

  /// Whether a retry may wait for one of them.
  public var isRetryable: Bool { cause.isRetryable || error.isRetryable }

  /// The call and both refusals.
  public var description: String {
    let subject = call.isEmpty ? "the call" : call
    return "\(subject) was refused: \(cause); its fallback was refused: \(error)"
  }
}

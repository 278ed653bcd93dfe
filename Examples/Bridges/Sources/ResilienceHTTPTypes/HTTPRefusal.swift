public import HTTPTypes
public import Resilience

/// What a server answers when one of the layers below it has refused, or timed out.
///
/// | error | status |
/// |---|---|
/// | `DeadlineExceeded`, `TimedOut` | 504 |
/// | any other `Rejection`: an open breaker, a full bulkhead, a limit towards another service | 503 |
///
/// A limit that this server has for its own clients is a 429; it is the middleware's that asks the limiter,
/// since an error of that type may as well come from a limit towards a service that the handler calls.
public struct HTTPRefusal: Sendable, Hashable {
  /// The status.
  public var status: HTTPResponse.Status

  /// When the client is asked to try again; `nil` when no time is known.
  public var retryAfter: Duration?

  /// Creates an answer.
  public init(status: HTTPResponse.Status, retryAfter: Duration? = nil) {
    self.status = status
    self.retryAfter = retryAfter
  }

  /// The answer for an error; `nil` for one that is neither a refusal nor a time limit.
  ///
  /// - Parameters:
  ///   - error: What a handler has thrown.
  ///   - now: The present instant of the call's clock.
  public init?(_ error: any Error, at now: Instant) {
    switch error {
    case is TimedOut, is DeadlineExceeded: self.init(status: .gatewayTimeout)
    case let refusal as any Rejection:
      self.init(status: .serviceUnavailable, retryAfter: refusal.retryAfter(at: now))
    default: return nil
    }
  }
}

public import Hummingbird
public import ResilienceHTTPTypes

extension Response {
  /// An answer without a body, with `Retry-After` if a time is known.
  public init(_ refusal: HTTPRefusal) {
    self.init(status: refusal.status)
    headers.set(retryAfter: refusal.retryAfter)
  }
}

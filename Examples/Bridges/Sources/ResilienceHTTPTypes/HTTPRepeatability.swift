public import HTTPTypes
internal import Resilience

/// Whether a request may be sent a second time.
public enum HTTPRepeatability: Sendable, Hashable {
  /// Sending it twice is the same as sending it once.
  case idempotent

  /// Sending it twice does harm: it is sent again only on proof that nothing was processed.
  case nonIdempotent

  /// It cannot be sent twice, since sending uses up its body.
  case once

  /// What a request's method and fields say.
  ///
  /// `GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT` and `DELETE` are idempotent (RFC 9110, 9.2.2), and so is
  /// `QUERY`. Any method is with a field `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the
  /// server then does the work of equal keys once. A method that is not known is taken for one that does
  /// harm.
  ///
  /// - Parameters:
  ///   - method: The method, in upper case as on the wire.
  ///   - hasIdempotencyKey: Whether the request has the field `Idempotency-Key`; asked only if it matters.
  ///   - isReplayable: Whether the body can be sent twice.
  public init(
    method: String, hasIdempotencyKey: @autoclosure () -> Bool = false, isReplayable: Bool = true
  ) {
    guard isReplayable else {
      self = .once
      return
    }
    switch method {
    case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY": self = .idempotent
    default: self = hasIdempotencyKey() ? .idempotent : .nonIdempotent
    }
  }

  /// What a request says, for a body that can be sent twice or not.
  public init(of request: HTTPRequest, isReplayable: Bool = true) {
    self.init(
      method: request.method.rawValue, hasIdempotencyKey: request.headerFields[.idempotencyKey] != nil,
      isReplayable: isReplayable)
  }
}

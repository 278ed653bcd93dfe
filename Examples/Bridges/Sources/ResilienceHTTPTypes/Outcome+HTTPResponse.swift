public import HTTPTypes
public import Resilience

extension Outcome {
  /// What the status of an HTTP response amounts to, by RFC 9110 and what servers do.
  ///
  /// | status | counts as |
  /// |---|---|
  /// | 1xx, 2xx, 3xx | a success |
  /// | 408 | a failure |
  /// | 421, 425 | a failure that proves that nothing was processed (RFC 9110, 15.5.20; RFC 8470, 5.2) |
  /// | 429 | this client's limit: a failure for a retry, and nothing to a breaker, with `Retry-After` |
  /// | other 4xx | a success: the destination did its job, and another attempt has the same answer |
  /// | 501, 505 | a failure that another attempt does not mend |
  /// | 503 | overloaded: a failure to everybody, with `Retry-After` |
  /// | other 5xx | a failure |
  ///
  /// A 429 or a 503 proves nothing about what ran: a gateway may say so of a part of the work. Where one does
  /// prove it, say so with `classify`.
  ///
  /// - Parameters:
  ///   - status: The status code.
  ///   - retryAfter: The value of the field `Retry-After`, in seconds or as a date; `nil` for none.
  ///   - now: The wall-clock time that a date is read against.
  public init(
    httpStatus status: Int, retryAfter: @autoclosure () -> String?, at now: @autoclosure () -> UnixTime
  ) {
    if status < 400 {
      self = .success
    } else {
      self.init(unsuccessful: status) { retryAfter().flatMap { RetryAfter($0, at: now())?.delay } }
    }
  }

  /// What an HTTP response amounts to; see ``init(httpStatus:retryAfter:at:)``.
  ///
  /// A date in `Retry-After` is read against the wall clock of the present context.
  public init(of response: HTTPResponse) {
    self.init(
      httpStatus: response.status.code, retryAfter: response.headerFields[.retryAfter],
      at: CallContext.current.clock.unixTime)
  }

  @inline(never)
  private init(unsuccessful status: Int, delay: () -> Duration?) {
    switch status {
    case 408: self = .failure
    case 421, 425: self = .failure(.notProcessed)
    // Without a field it is one client's limit all the same, which is said by a delay.
    case 429: self = .failure(.retryAfter(delay() ?? .zero))
    case 503: self = .failure(.overloaded(retryAfter: delay()))
    case 501, 505: self = .failure(.doNotRetry)
    case 500...: self = .failure
    default: self = .success
    }
  }
}

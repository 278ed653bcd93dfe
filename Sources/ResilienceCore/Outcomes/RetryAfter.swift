/// The value of a `Retry-After` header field (RFC 9110, 10.2.3): how long to wait before the next try.
///
/// ```swift
/// // A client reads it, for a ``Pushback``:
/// RetryAfter("120", at: context.clock.unixTime)?.delay
/// RetryAfter("Wed, 21 Oct 2015 07:28:00 GMT", at: context.clock.unixTime)?.delay
/// // A server writes it, from a ``Rejection``:
/// rejection.retryAfter(at: now).map { "\(RetryAfter($0))" }
/// ```
public struct RetryAfter: Sendable, Hashable {
  /// How long to wait, 0 or more.
  public let delay: Duration

  /// Creates a value; a negative delay is 0.
  public init(_ delay: Duration) {
    self.delay = max(.zero, delay)
  }

  /// Reads a header field's value: a number of seconds, or an HTTP date in any of its three forms.
  ///
  /// The standard knows whole seconds only; servers that say `1.5` or `0.25` are taken at their word.
  ///
  /// A date is read against the wall clock `now`, so that it is as good as the two clocks agree; one that has
  /// passed is 0. A number of seconds without bound is 68 years.
  ///
  /// - Returns: `nil` for anything else, which is best treated as if there were no such field.
  public init?(_ field: some StringProtocol, at now: UnixTime) {
    let text = Array(field.utf8.drop { $0 == 0x20 || $0 == 0x09 })
    let end = text.lastIndex { $0 != 0x20 && $0 != 0x09 } ?? -1
    var scanner = HTTPDateScanner(text[...end])
    if let seconds = scanner.seconds() {
      self.init(seconds)
    } else if let date = scanner.date(at: now) {
      self.init(.nanoseconds(date.subtractingSaturating(now.nanoseconds)))
    } else {
      return nil
    }
  }
}

extension RetryAfter: CustomStringConvertible {
  /// The header field's value: whole seconds, rounded up, since a try that comes too early is in vain.
  public var description: String {
    // Few digits are written several times faster as an `Int64`.
    Int64(exactly: seconds).map { String($0) } ?? String(seconds)
  }
}

extension RetryAfter {
  /// Whole seconds, rounded up.
  package var seconds: Int128 {
    // Not by `components`, which trap beyond an `Int64` of seconds.
    let (seconds, rest) = delay.attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
    return rest > 0 ? seconds + 1 : seconds
  }
}

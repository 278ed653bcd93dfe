/// What a destination, or a local refusal, asks of whoever would try again.
public struct Pushback: Sendable, Hashable {
  /// Try no earlier than this long from now; `nil` when nothing was said. A lower bound: jitter comes on top.
  public var retryAfter: Duration?

  /// Do not try again at all.
  public var doNotRetry: Bool

  /// The destination is overloaded: less traffic helps, more does not.
  public var overloaded: Bool

  /// The work was provably not started: even a call that is not idempotent may be tried again.
  public var notProcessed: Bool

  /// Creates a pushback.
  @inlinable
  public init(
    retryAfter: Duration? = nil, doNotRetry: Bool = false, overloaded: Bool = false,
    notProcessed: Bool = false
  ) {
    self.retryAfter = retryAfter
    self.doNotRetry = doNotRetry
    self.overloaded = overloaded
    self.notProcessed = notProcessed
  }

  /// Nothing was said.
  @inlinable
  public static var none: Pushback { Pushback() }

  /// Try again no earlier than `delay` from now.
  @inlinable
  public static func retryAfter(_ delay: Duration) -> Pushback { Pushback(retryAfter: delay) }

  /// Do not try again.
  @inlinable
  public static var doNotRetry: Pushback { Pushback(doNotRetry: true) }

  /// The destination is overloaded.
  @inlinable
  public static var overloaded: Pushback { Pushback(overloaded: true) }

  /// The work was not started.
  @inlinable
  public static var notProcessed: Pushback { Pushback(notProcessed: true) }
}

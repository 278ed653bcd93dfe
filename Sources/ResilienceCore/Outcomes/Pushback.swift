/// What a destination, or a local refusal, asks of whoever would try again.
public struct Pushback: Sendable, Hashable {
  /// Try no earlier than this long from now; `nil` when nothing was said. A lower bound: jitter comes on top,
  /// of an eighth of it at least.
  ///
  /// Alone it is a word to one client, as HTTP's 429: breakers leave it out. With `overloaded` it is one to
  /// all, as HTTP's 503: see ``Outcome/verdictOnDestination``.
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

  /// This caller is to try again no earlier than `delay` from now, as by a limit for each client.
  public static func retryAfter(_ delay: Duration) -> Pushback { Pushback(retryAfter: delay) }

  /// Do not try again.
  public static var doNotRetry: Pushback { Pushback(doNotRetry: true) }

  /// The destination is overloaded.
  public static var overloaded: Pushback { Pushback(overloaded: true) }

  /// The destination is overloaded, and nobody is to try again earlier than `delay` from now.
  ///
  /// - Parameter delay: `nil` when nothing was said.
  @inlinable
  public static func overloaded(retryAfter delay: Duration?) -> Pushback {
    Pushback(retryAfter: delay, overloaded: true)
  }

  /// The work was not started.
  public static var notProcessed: Pushback { Pushback(notProcessed: true) }
}

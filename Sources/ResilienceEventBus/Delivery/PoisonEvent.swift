public import ResilienceCore

/// What a handler throws when an event can never be handled: it goes to the dead letters at once.
///
/// ```swift
/// guard line.quantity > 0 else { throw PoisonEvent("quantity \(line.quantity) of invoice \(line.invoice)") }
/// ```
///
/// Any error with `pushback.doNotRetry` does the same.
public struct PoisonEvent: Error, PushbackProviding, Hashable, CustomStringConvertible {
  /// What is wrong with the event.
  public let reason: String

  /// Creates an error.
  ///
  /// - Parameter reason: What is wrong with the event, with the value.
  public init(_ reason: String) {
    self.reason = reason
  }

  /// Do not retry.
  public var pushback: Pushback { .doNotRetry }

  /// The reason.
  public var description: String { "the event cannot be handled: \(reason)" }
}

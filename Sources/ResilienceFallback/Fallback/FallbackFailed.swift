public import ResilienceCore

/// A call failed, and so did its fallback: both errors.
///
/// It counts as a failure; the leaf may say otherwise with `classify`. When both were refused, it is
/// ``FallbackRefused`` instead.
public struct FallbackFailed: Error, PushbackProviding, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// What the call threw; `nil` when it returned a value that counts as a failure.
  public let cause: (any Error)?

  /// What the fallback threw.
  public let error: any Error

  /// What the destination asked for when the call failed, such as not to be called before some time.
  public let pushback: Pushback

  /// Creates the error.
  public init(
    call: String = "", cause: (any Error)?, error: any Error, pushback: Pushback = .none
  ) {
    self.call = call
    self.cause = cause
    self.error = error
    self.pushback = pushback
  }

  /// The call and both errors.
  public var description: String {
    let subject = call.isEmpty ? "the call" : call
    let cause = cause.map { "\($0)" } ?? "an answer that counts as a failure"
    return "\(subject) failed with: \(cause); its fallback failed with: \(error)"
  }
}

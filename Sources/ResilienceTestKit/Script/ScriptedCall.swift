public import ResilienceCore

/// A call as it arrived at a ``ScriptedHandler``.
public struct ScriptedCall<Input: Sendable>: Sendable {
  /// What was sent.
  public let input: Input

  /// When it arrived.
  public let instant: Instant

  /// What the call knew about itself: its deadline, its id, its trace.
  public let context: CallContext

  /// Which attempt of its logical call it was, from 1.
  public var attempt: UInt16 { context.attempt }
}

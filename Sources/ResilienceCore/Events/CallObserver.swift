/// Is told of attempts and decisions of the calls below it: a tracer, a recorder.
///
/// Bound with ``CallContext/withObserver(_:isolation:_:)``, or by a sampled trace. Called synchronously in
/// the caller's task: an observer must be quick and must not block. It is an object, so that handing it
/// around copies one pointer.
public protocol CallObserver: AnyObject, Sendable {
  /// An attempt begins (of a retry, of a hedge, of a delivery). The observer may give it a span of its own
  /// with ``CallContext/enterSpan(_:)``.
  func attemptBegan(_ attempt: inout CallContext)

  /// An attempt ended.
  ///
  /// - Parameters:
  ///   - attempt: The attempt's context as ``attemptBegan(_:)`` left it; its ``CallContext/now`` is when it
  ///     began.
  ///   - call: The context that the attempt was made from.
  ///   - outcome: What it amounted to.
  ///   - error: What it threw; `nil` when it returned.
  func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?)

  /// A layer decided something.
  func record(_ event: any ResilienceEvent, in context: CallContext)
}

extension CallObserver {
  /// Does nothing.
  public func attemptBegan(_ attempt: inout CallContext) {}

  /// Does nothing.
  public func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
  ) {}

  /// Does nothing.
  public func record(_ event: any ResilienceEvent, in context: CallContext) {}
}

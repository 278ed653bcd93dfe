public import ResilienceCore

/// A handler whose calls each have as long as a `LivePolicy` says when they begin; see
/// ``ResilienceCore/Handler/timeout(live:)``.
@frozen
public struct LiveTimeoutHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `timeout`, with the present limit.
  public var layer: HandlerLayer? { limited.layer }

  /// How long a call may take.
  public let limit: LivePolicy<TimeLimit>

  @usableFromInline
  init(base: Base, limit: LivePolicy<TimeLimit>) {
    self.base = base
    self.limit = limit
  }

  @inlinable
  var limited: TimeoutHandler<Base> { TimeoutHandler(base: base, limit: limit.current) }

  /// Calls the base as ``TimeoutHandler`` does, with the limit that holds at present.
  ///
  /// - Throws: As ``TimeoutHandler``.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await limited.perform(input, in: context)
  }
}

extension Handler {
  /// Cancels the work when it takes longer than a limit that may be changed while calls run; see
  /// ``timeout(_:)``.
  ///
  /// - Parameter limit: How long a call may take; what it is when a call begins holds for that call.
  public func timeout(live limit: LivePolicy<TimeLimit>) -> LiveTimeoutHandler<Self> {
    LiveTimeoutHandler(base: self, limit: limit)
  }
}

extension RetriesFailures {
  /// Warns: a time limit around a retry is for all attempts together.
  @available(
    *, deprecated,
    message: """
      a time limit around a retry is for all attempts together, and leaves none for an attempt that hangs; apply \
      .timeout first, for each attempt, and .deadline after .retry, for all of them
      """
  )
  public func timeout(live limit: LivePolicy<TimeLimit>) -> LiveTimeoutHandler<Self> {
    LiveTimeoutHandler(base: self, limit: limit)
  }
}

public import ResilienceCore

/// A handler whose calls each have as long as a `LivePolicy` says when they begin; see
/// ``ResilienceCore/Handler/timeout(live:abandoning:)``.
@frozen
public struct LiveAbandoningTimeoutHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `timeout`, with the present limit.
  public var layer: HandlerLayer? { limited.layer }

  /// How long a call may take.
  public let limit: LivePolicy<TimeLimit>

  /// Counts what is left running.
  public let abandoned: AbandonedWork

  @usableFromInline
  init(base: Base, limit: LivePolicy<TimeLimit>, abandoned: AbandonedWork) {
    self.base = base
    self.limit = limit
    self.abandoned = abandoned
  }

  @inlinable
  var limited: AbandoningTimeoutHandler<Base> {
    AbandoningTimeoutHandler(base: base, limit: limit.current, abandoned: abandoned)
  }

  /// Calls the base as ``AbandoningTimeoutHandler`` does, with the limit that holds at present.
  ///
  /// - Throws: As ``AbandoningTimeoutHandler``.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await limited.perform(input, in: context)
  }
}

extension Handler {
  /// Goes on when the work takes longer than a limit that may be changed while calls run; see
  /// ``timeout(_:abandoning:)``.
  ///
  /// - Parameters:
  ///   - limit: How long a caller waits; what it is when a call begins holds for that call.
  ///   - work: Counts what is left running.
  public func timeout(live limit: LivePolicy<TimeLimit>, abandoning work: AbandonedWork)
    -> LiveAbandoningTimeoutHandler<Self>
  {
    LiveAbandoningTimeoutHandler(base: self, limit: limit, abandoned: work)
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
  public func timeout(live limit: LivePolicy<TimeLimit>, abandoning work: AbandonedWork)
    -> LiveAbandoningTimeoutHandler<Self>
  {
    LiveAbandoningTimeoutHandler(base: self, limit: limit, abandoned: work)
  }
}

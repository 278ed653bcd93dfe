public import ResilienceCore

/// A handler whose calls each have as long as a `LivePolicy` says when they begin; see
/// ``ResilienceCore/Handler/deadline(live:)``.
@frozen
public struct LiveDeadlineHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `deadline`, with the present limit.
  public var layer: HandlerLayer? { DeadlineHandler(base: base, limit: limit.current).layer }

  /// How long a call may take.
  public let limit: LivePolicy<TimeLimit>

  @usableFromInline
  init(base: Base, limit: LivePolicy<TimeLimit>) {
    self.base = base
    self.limit = limit
  }

  /// Calls the base as ``DeadlineHandler`` does, with the limit that holds at present.
  ///
  /// - Throws: As ``DeadlineHandler``.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    try limit.current.begin(&context, name: base.traits.name)
    return try await base.perform(input, in: context)
  }
}

extension Handler {
  /// Gives each call a deadline that may be changed while calls run; see ``deadline(_:)``.
  ///
  /// - Parameter limit: How long a call may take; what it is when a call begins holds for that call.
  public func deadline(live limit: LivePolicy<TimeLimit>) -> LiveDeadlineHandler<Self> {
    LiveDeadlineHandler(base: self, limit: limit)
  }
}

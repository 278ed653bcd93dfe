public import ResilienceCore

/// A handler whose calls have a deadline; see ``ResilienceCore/Handler/deadline(_:)``.
@frozen
public struct DeadlineHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `deadline`, with the limit.
  public var layer: HandlerLayer? {
    HandlerLayer("deadline", "\(limit)")
  }

  /// How long after its begin a call's deadline is.
  public let limit: TimeLimit

  @inlinable
  init(base: Base, limit: TimeLimit) {
    self.base = base
    self.limit = limit
  }

  /// Calls the base with the tightened deadline.
  ///
  /// - Throws: What the base throws; ``DeadlineExceeded`` when the caller's deadline has passed already.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    try limit.begin(&context, name: base.traits.name)
    return try await base.perform(input, in: context)
  }
}

extension Handler {
  /// Gives each call a deadline: everything below sees how much time is left, and does not begin what cannot
  /// end in it.
  ///
  /// Costs next to nothing, and interrupts nothing: a retry stops retrying, a limiter refuses instead of
  /// queueing, an inner `.timeout` is cut short, a client can send the deadline along; an operation that
  /// looks at none of it runs on, and its result is returned even if it is late. Put it around a whole stack.
  /// To interrupt the work itself use ``timeout(_:)``.
  ///
  /// Of nested deadlines the earlier holds. A call whose deadline has passed is refused with
  /// ``ResilienceTimeout/DeadlineExceeded`` before the work begins.
  ///
  /// - Parameter limit: How long after its begin a call's deadline is; more than 0.
  public func deadline(_ limit: Duration) -> DeadlineHandler<Self> {
    DeadlineHandler(base: self, limit: TimeLimit(limit))
  }
}

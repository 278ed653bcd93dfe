internal import Instrumentation
public import ResilienceCore
internal import ResilienceTrace

/// A handler whose calls belong to the span that `withSpan` has begun; see
/// ``ResilienceCore/Handler/joiningServiceContext()``.
public struct JoiningHandler<Base: Handler>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  /// None: it changes whose child the call is, and does nothing.
  public var layer: HandlerLayer? { nil }

  /// Calls the base, as a child of the newest span.
  ///
  /// - Throws: What the base throws.
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await join(input, context)
  }

  private func join(
    _ input: Base.Input, _ context: CallContext, isolation: isolated (any Actor)? = #isolation
  ) async throws -> Base.Output {
    guard let (joined, tracer) = InstrumentationContext.current?.joining(context) else {
      return try await base.handle(input, context: context)
    }
    return try await CallContext.withCurrent(joined, isolation: isolation) {
      guard let tracer else { return try await base.handle(input, context: joined) }
      return try await tracer.observing(isolation: isolation) {
        try await base.handle(input, context: .current)
      }
    }
  }
}

extension Handler {
  /// Has calls within a `withSpan` of swift-distributed-tracing be the span's children. Apply it last,
  /// outside `.trace`.
  ///
  /// ```swift
  /// let charge = ServiceCall("charge") { (order: Order) in try await client.charge(order) }
  ///   .retry()
  ///   .trace(tracer)
  ///   .joiningServiceContext()
  /// ```
  ///
  /// For a whole function instead of one call: `ServiceContext.joined`, which says what of other tracers is
  /// read.
  public func joiningServiceContext() -> JoiningHandler<Self> { JoiningHandler(base: self) }
}

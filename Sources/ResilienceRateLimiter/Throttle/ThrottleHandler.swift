public import ResilienceCore

/// A handler whose calls are held back while their destination refuses too many; see
/// ``ResilienceCore/Handler/throttle(_:)``.
public struct ThrottleHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `throttle`, with its name.
  public var layer: HandlerLayer? { HandlerLayer("throttle", throttle.name) }

  @usableFromInline let throttle: AdaptiveThrottle

  @usableFromInline
  init(base: Base, throttle: AdaptiveThrottle) {
    self.base = base
    self.throttle = throttle
  }

  /// Calls the base unless the call is held back, and tells the throttle what became of it.
  ///
  /// - Throws: ``Throttled`` when the base was not called; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let permit = try throttle.enter(&context)
    do {
      let output = try await base.perform(input, in: context)
      throttle.record(base.judge(value: output, in: context), of: permit)
      return output
    } catch {
      throttle.record(base.judge(error, in: context), of: permit)
      throw error
    }
  }
}

extension Handler {
  /// Holds calls back while their destination refuses too many.
  ///
  /// What counts as refused is the handler's own outcome: see ``Handler/classify(_:)`` and
  /// ``ResilienceRateLimiter/AdaptiveThrottlePolicy/Refusals``. Put it inside the retry, so that every
  /// attempt is counted.
  ///
  /// - Parameter throttle: The destination's throttle, shared by everything that calls it.
  public func throttle(_ throttle: AdaptiveThrottle) -> ThrottleHandler<Self> {
    ThrottleHandler(base: self, throttle: throttle)
  }
}

extension RetriesInside {
  /// Warns: a throttle counts what the destination accepts, and that are attempts.
  @available(
    *, deprecated,
    message: """
      a throttle around a retry sees one result where the destination saw several calls; apply .throttle first and \
      .retry (or .hedge) after it
      """
  )
  public func throttle(_ throttle: AdaptiveThrottle) -> ThrottleHandler<Self> {
    ThrottleHandler(base: self, throttle: throttle)
  }
}

public import ResilienceCore

/// A handler whose calls pass through a breaker; see `Handler.circuitBreaker`.
@frozen
public struct CircuitBreakerHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `circuit breaker`, with its name.
  public var layer: HandlerLayer? { HandlerLayer("circuit breaker", breaker.name) }

  @usableFromInline let breaker: CircuitBreaker

  @usableFromInline
  init(base: Base, breaker: CircuitBreaker) {
    self.base = base
    self.breaker = breaker
  }

  /// Calls the base if the breaker admits it, and tells the breaker what became of it.
  ///
  /// - Throws: ``CircuitOpen`` when the call was not made; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let token = try breaker.admit(context)
    do {
      let output = try await base.perform(input, in: context)
      breaker.record(token, base.judge(value: output, in: context), context)
      return output
    } catch {
      breaker.recordThrown(token, base.judge(error, in: context), error, context)
      throw error
    }
  }
}

extension Handler {
  /// Stops calling a destination that fails.
  ///
  /// What counts as a failure is the handler's own outcome: see ``Handler/classify(_:)``. Caller's
  /// cancellations and rejections by inner layers count in neither, nor does a failure with `retryAfter` that
  /// does not say `overloaded`: a limit for one client must not shut everybody out. Put the breaker outside
  /// the attempt's timeout, whose errors are failures, and inside the retry, so that it sees every attempt.
  ///
  /// - Parameter breaker: The destination's breaker, shared by everything that calls it.
  public func circuitBreaker(_ breaker: CircuitBreaker) -> CircuitBreakerHandler<Self> {
    CircuitBreakerHandler(base: self, breaker: breaker)
  }
}

extension RetriesInside {
  /// Stops calling a destination that fails; a mistake around a retry.
  @available(
    *, deprecated,
    message: """
      a breaker around a retry sees one result where the destination saw several calls, and the retry goes on calling \
      a destination that is down; apply .circuitBreaker first and .retry (or .hedge) after it
      """
  )
  public func circuitBreaker(_ breaker: CircuitBreaker) -> CircuitBreakerHandler<Self> {
    CircuitBreakerHandler(base: self, breaker: breaker)
  }
}

extension AnswersFailures {
  /// Warns: a breaker around a fallback sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a breaker around a fallback sees no failure that the fallback answers; apply .circuitBreaker first and \
      .fallback after it
      """
  )
  public func circuitBreaker(_ breaker: CircuitBreaker) -> CircuitBreakerHandler<Self> {
    CircuitBreakerHandler(base: self, breaker: breaker)
  }
}

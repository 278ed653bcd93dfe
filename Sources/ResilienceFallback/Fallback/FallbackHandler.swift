public import ResilienceCore

/// A handler with a second-best answer; see ``ResilienceCore/Handler/fallback(when:_:)``.
@frozen
public struct FallbackHandler<Base: Handler>: AnswersFailures, BuiltInHandler {
  @usableFromInline typealias Condition = @Sendable (Base.Input, Result<Base.Output, any Error>) -> Bool
  @usableFromInline typealias Body =
    nonisolated(nonsending) @Sendable (Base.Input, Result<Base.Output, any Error>) async throws -> Base.Output

  /// The wrapped handler.
  public let base: Base

  /// The kind `fallback`, and nothing else.
  public var layer: HandlerLayer? { HandlerLayer("fallback") }

  @usableFromInline let condition: Condition?
  @usableFromInline let body: Body

  @usableFromInline
  init(base: Base, condition: Condition?, body: @escaping Body) {
    self.base = base
    self.condition = condition
    self.body = body
  }

  /// Calls the base, and the fallback when there is no usable answer.
  ///
  /// - Throws: What the base throws when the fallback is not meant for it; ``FallbackFailed`` when both fail,
  ///   ``FallbackRefused`` when both were refused.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let failed: Base.Output
    do {
      let value = try await base.perform(input, in: context)
      if base.outcome(ofValue: value).verdict != .failure { return value }
      failed = value
    } catch {
      // Judged here, where the types are known.
      return try await degrade(input, .failure(error), base.judge(error, in: context), context)
    }
    return try await degrade(input, .success(failed), base.outcome(ofValue: failed), context)
  }

  // With the actor as a parameter: after a call that stays wherever it is the compiler would have the success
  // path return to the caller's actor twice (+86 instructions).
  @usableFromInline
  @inline(never)
  func degrade(
    _ input: Base.Input, _ result: Result<Base.Output, any Error>, _ outcome: Outcome, _ context: CallContext,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Base.Output {
    guard covers(result, outcome, of: input, in: context) else { return try result.get() }
    do {
      let value =
        if context.isChanged {
          try await CallContext.withCurrent(context) { try await body(input, result) }
        } else {
          try await body(input, result)
        }
      context.emit(FallbackEvent.degraded(call: base.traits.name, cause: cause(of: result)))
      return value
    } catch {
      context.emit(
        FallbackEvent.failed(call: base.traits.name, cause: cause(of: result), error: "\(error)"))
      throw failure(error, after: result, outcome.pushback, in: context)
    }
  }

  private func covers(
    _ result: Result<Base.Output, any Error>, _ outcome: Outcome, of input: Base.Input,
    in context: CallContext
  ) -> Bool {
    guard !context.callerHasCancelled, isUnusable(result, outcome) else { return false }
    return condition?(input, result) ?? true
  }

  private func isUnusable(_ result: Result<Base.Output, any Error>, _ outcome: Outcome) -> Bool {
    if case .failure(let error) = result, outcome.isRefusal(error) { return true }
    return outcome.verdict == .failure
  }

  /// What the caller gets when the fallback throws: both errors, unless the fallback's is an answer, or the
  /// caller's own cancellation, or says the same.
  private func failure(
    _ error: any Error, after result: Result<Base.Output, any Error>, _ pushback: Pushback,
    in context: CallContext
  ) -> any Error {
    guard isUnusable(.failure(error), base.judge(error, in: context)) else { return error }
    guard case .failure(let cause) = result else {
      return FallbackFailed(call: base.traits.name, cause: nil, error: error, pushback: pushback)
    }
    if type(of: cause) == type(of: error), "\(cause)" == "\(error)" { return error }
    if let cause = cause as? any Rejection, let error = error as? any Rejection, !base.mayRepeatCalls {
      return FallbackRefused(call: base.traits.name, cause: cause, error: error)
    }
    return FallbackFailed(call: base.traits.name, cause: cause, error: error, pushback: pushback)
  }

  private func cause(of result: Result<Base.Output, any Error>) -> String {
    if case .failure(let error) = result { "\(error)" } else { "an answer that counts as a failure" }
  }
}

extension Handler {
  /// Answers with a value when there is no usable answer.
  ///
  /// ```swift
  /// let suggestions = recommend.timeout(.milliseconds(200)).fallback([])
  /// ```
  ///
  /// See ``fallback(when:_:)`` for what is replaced.
  ///
  /// - Parameters:
  ///   - value: The second-best answer.
  ///   - condition: Narrows what is replaced. Default: no narrowing.
  public func fallback(
    _ value: Output,
    when condition: (@Sendable (_ input: Input, _ result: Result<Output, any Error>) -> Bool)? = nil
  ) -> FallbackHandler<Self> {
    FallbackHandler(base: self, condition: condition) { _, _ in value }
  }

  /// Not available: an answer of another type than the call's. Else the compiler finds the fault at the call.
  @available(*, unavailable, message: "the fallback is not of the type that the call returns")
  @_disfavoredOverload
  public func fallback<Other: Sendable>(
    _ value: Other,
    when condition: (@Sendable (_ input: Input, _ result: Result<Output, any Error>) -> Bool)? = nil
  ) -> FallbackHandler<Self> {
    // Never runs: whoever calls it does not compile.
    fatalError("unavailable")
  }

  /// Answers with a second-best answer when there is no usable one: an older copy, a default, another
  /// service.
  ///
  /// ```swift
  /// let price = quote.circuitBreaker(breaker).retry().deadline(.seconds(1)).fallback { product, result in
  ///   if let price = lastKnown[product] { return price }
  ///   return try result.get()   // no better idea: the caller gets what the call itself came to
  /// }
  /// ```
  ///
  /// Replaced are failures, thrown or returned, as `classify` says at the leaf, and every ``Rejection``: an
  /// open breaker, an empty bucket. Not replaced are other neutral errors (the request itself was wrong, or
  /// somebody cancelled), and nothing is when the caller was cancelled: nobody waits for the answer.
  ///
  /// The answer is a success for all layers outside, unless the leaf classifies the value itself otherwise:
  /// they see a value like any other. Put it outermost, or at least outside the breaker and the retry, which
  /// must see the failure. That it was used is a ``ResilienceFallback/FallbackEvent``.
  ///
  /// It runs on the caller's actor, in the call's deadline and trace; also when the deadline has passed:
  /// calls that it makes then refuse by themselves, and an answer that needs none is better than an error.
  ///
  /// When it fails too, the caller gets both errors, as ``ResilienceFallback/FallbackFailed``, or as
  /// ``ResilienceFallback/FallbackRefused`` when our own layers refused both and nothing was sent. As it is
  /// comes what is no failure: an error that `classify` calls a success or neutral, the caller's
  /// cancellation; and one that says the same as the call's own, as that of `try result.get()`.
  ///
  /// - Parameters:
  ///   - condition: Narrows what is replaced. Default: no narrowing.
  ///   - body: Makes the answer from the input and from what the call came to: an error, or a value that
  ///     counts as a failure.
  public func fallback(
    when condition: (@Sendable (_ input: Input, _ result: Result<Output, any Error>) -> Bool)? = nil,
    _ body:
      nonisolated(nonsending) @escaping @Sendable (
        _ input: Input, _ result: Result<Output, any Error>
      ) async throws -> Output
  ) -> FallbackHandler<Self> {
    FallbackHandler(base: self, condition: condition, body: body)
  }
}

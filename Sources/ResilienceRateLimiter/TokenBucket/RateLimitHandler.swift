public import ResilienceCore

/// A handler whose calls each take permits; see
/// ``ResilienceCore/Handler/rateLimit(_:mode:refundsRefusals:)``.
public struct RateLimitHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `rate limit`, with name and limit.
  public var layer: HandlerLayer? { HandlerLayer("rate limit", named: bucket.name, "\(bucket.limit)") }

  @usableFromInline let bucket: TokenBucket
  @usableFromInline let mode: RateLimitMode
  @usableFromInline let refundsRefusals: Bool
  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(
    base: Base, bucket: TokenBucket, mode: RateLimitMode, refundsRefusals: Bool,
    cost: (@Sendable (Base.Input) -> Int)?
  ) {
    self.base = base
    self.bucket = bucket
    self.mode = mode
    self.refundsRefusals = refundsRefusals
    self.cost = cost
  }

  /// Takes the permits, or waits for them, and calls the base.
  ///
  /// - Throws: ``RateLimited`` or ``ImpossiblePermits`` when the base was not called; `CancellationError`
  ///   when cancelled while waiting; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let permits = cost.map { $0(input) } ?? 1
    if !bucket.takes(permits, at: context.now) {
      if mode == .reject {
        try bucket.enter(permits, context)
      } else {
        try await bucket.wait(permits, context)
        context.forgetNow()
      }
    }
    do {
      return try await base.perform(input, in: context)
    } catch {
      if refundsRefusals { bucket.refund(permits, ifRefusal: error) }
      throw error
    }
  }
}

extension Handler {
  /// Limits how often the handler is called.
  ///
  /// Put it outside the retry to limit calls, inside to limit attempts.
  ///
  /// - Parameters:
  ///   - bucket: The limit, shared by everything it is for.
  ///   - mode: Whether a call waits for its permits. Default: no, it is rejected with
  ///     ``ResilienceRateLimiter/RateLimited``, which says when to come back: a queue hides an overload from
  ///     those who could do something about it.
  ///   - refundsRefusals: Whether a call's permits go back when it ends with a `Rejection`, such as of a
  ///     breaker further in that is open. Default: yes, since the bucket counts work, and none was done; no
  ///     around a retry, a hedge or a balancer, however deep inside, and around a handler of another package,
  ///     where other attempts may have run before. Say no where the bucket counts that somebody asks, and
  ///     where the work lets refusals of its own calls out.
  public func rateLimit(
    _ bucket: TokenBucket, mode: RateLimitMode = .reject, refundsRefusals: Bool? = nil
  ) -> RateLimitHandler<Self> {
    RateLimitHandler(
      base: self, bucket: bucket, mode: mode, refundsRefusals: refundsRefusals ?? !mayRepeatCalls, cost: nil)
  }

  /// Limits how much the handler is called with, by what each input costs.
  ///
  /// ```swift
  /// let store = put.rateLimit(bytesPerSecond, cost: { upload in upload.count })
  /// ```
  ///
  /// - Parameters:
  ///   - bucket: The limit, shared by everything it is for.
  ///   - mode: Whether a call waits for its permits. Default: no.
  ///   - refundsRefusals: Whether a call's permits go back when it ends with a `Rejection`. Default: yes,
  ///     except around what may try more than once.
  ///   - cost: How many permits an input takes; pure and quick. 0 pass without any; less than that, and more
  ///     than the burst, is rejected with ``ResilienceRateLimiter/ImpossiblePermits``.
  public func rateLimit(
    _ bucket: TokenBucket, mode: RateLimitMode = .reject, refundsRefusals: Bool? = nil,
    cost: @escaping @Sendable (_ input: Input) -> Int
  ) -> RateLimitHandler<Self> {
    RateLimitHandler(
      base: self, bucket: bucket, mode: mode, refundsRefusals: refundsRefusals ?? !mayRepeatCalls, cost: cost)
  }
}

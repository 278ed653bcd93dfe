public import ResilienceCore

/// A handler whose calls each take permits; see ``Handler/rateLimit(_:mode:)``.
@frozen
public struct RateLimitHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let bucket: TokenBucket
  @usableFromInline let mode: RateLimitMode
  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(base: Base, bucket: TokenBucket, mode: RateLimitMode, cost: (@Sendable (Base.Input) -> Int)?) {
    self.base = base
    self.bucket = bucket
    self.mode = mode
    self.cost = cost
  }

  /// Takes the permits, or waits for them, and calls the base.
  ///
  /// - Throws: ``RateLimited`` or ``PermitsExceedBurst`` when the base was not called; `CancellationError` when cancelled
  ///   while waiting; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let permits = cost.map { $0(input) } ?? 1
    if permits >= 1, !bucket.takes(permits, at: context.now) {
      if mode == .reject {
        try bucket.enter(permits, context)
      } else {
        try await bucket.wait(permits, context)
        context.forgetNow()
      }
    }
    return try await base.perform(input, in: context)
  }
}

extension Handler {
  /// Limits how often the handler is called.
  ///
  /// Put it outside the retry to limit calls, inside to limit attempts.
  ///
  /// - Parameters:
  ///   - bucket: The limit, shared by everything it is for.
  ///   - mode: Whether a call waits for its permits. Default: no, it is rejected with ``RateLimited``, which says when
  ///     to come back: a queue hides an overload from those who could do something about it.
  public func rateLimit(_ bucket: TokenBucket, mode: RateLimitMode = .reject) -> RateLimitHandler<Self> {
    RateLimitHandler(base: self, bucket: bucket, mode: mode, cost: nil)
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
  ///   - cost: How many permits an input takes; pure and quick. 0 or less passes without any; more than the burst is
  ///     rejected with ``PermitsExceedBurst``.
  public func rateLimit(
    _ bucket: TokenBucket, mode: RateLimitMode = .reject, cost: @escaping @Sendable (_ input: Input) -> Int
  ) -> RateLimitHandler<Self> {
    RateLimitHandler(base: self, bucket: bucket, mode: mode, cost: cost)
  }
}

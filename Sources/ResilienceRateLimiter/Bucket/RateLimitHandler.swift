public import ResilienceCore

/// A handler whose calls each take a permit; see ``Handler/rateLimit(_:mode:)``.
@frozen
public struct RateLimitHandler<Base: Handler>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let bucket: TokenBucket
  @usableFromInline let mode: RateLimitMode

  @usableFromInline
  init(base: Base, bucket: TokenBucket, mode: RateLimitMode) {
    self.base = base
    self.bucket = bucket
    self.mode = mode
  }

  /// Takes a permit, or waits for it, and calls the base.
  ///
  /// - Throws: ``RateLimited`` when the base was not called; `CancellationError` when cancelled while waiting; else what
  ///   the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    if !bucket.takesUnlessWaiting(1, at: context.now) {
      if mode == .reject { throw bucket.rejection(1, context, .noPermit) }
      try await bucket.wait(1, context)
      context.forgetNow()
    }
    return try await base.handle(input, context: context)
  }
}

extension Handler {
  /// Limits how often the handler is called.
  ///
  /// Put it outside the retry to limit calls, inside to limit attempts.
  ///
  /// - Parameters:
  ///   - bucket: The limit, shared by everything it is for.
  ///   - mode: Whether a call waits for its permit. Default: no, it is rejected with ``RateLimited``, which says when
  ///     to come back: a queue hides an overload from those who could do something about it.
  public func rateLimit(_ bucket: TokenBucket, mode: RateLimitMode = .reject) -> RateLimitHandler<Self> {
    RateLimitHandler(base: self, bucket: bucket, mode: mode)
  }
}

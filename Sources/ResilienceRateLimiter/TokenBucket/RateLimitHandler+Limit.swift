public import ResilienceCore

extension Handler {
  /// Limits how often the handler is called, with a bucket of its own, which has the call's name.
  ///
  /// ```swift
  /// let search = search.rateLimit(.perSecond(5))
  /// ```
  ///
  /// Make it once and keep it: what is made anew for each call counts anew. To share a limit, or to change it
  /// while calls run, make a ``ResilienceRateLimiter/TokenBucket``.
  ///
  /// - Parameters:
  ///   - limit: How many calls, and so many at once.
  ///   - mode: Whether a call waits for its permit. Default: no, it is rejected with
  ///     ``ResilienceRateLimiter/RateLimited``.
  public func rateLimit(_ limit: RateLimit, mode: RateLimitMode = .reject) -> RateLimitHandler<Self> {
    rateLimit(TokenBucket(traits.name, limit: limit), mode: mode)
  }
}

public import ResilienceCore

extension Handler {
  /// Limits how many calls are made at one time, with a bulkhead of its own, which has the call's name.
  ///
  /// ```swift
  /// let render = render.bulkhead(20)
  /// ```
  ///
  /// Make it once and keep it: what is made anew for each call has room for each call. To share the room, or
  /// to change it while calls run, make a ``ResilienceBulkhead/Bulkhead``.
  ///
  /// - Parameters:
  ///   - limit: How many at one time.
  ///   - maxWaiting: The most calls that may wait at one time, 0 to 10⁶. Default: 0, nobody waits.
  public func bulkhead(_ limit: BulkheadLimit, maxWaiting: Int = 0) -> BulkheadHandler<Self> {
    bulkhead(Bulkhead(traits.name, limit: limit, maxWaiting: maxWaiting))
  }
}

public import ResilienceCore

extension EventBus {
  /// Begins the lease of a delivery anew: what a handler calls that takes long and knows that it goes on.
  ///
  /// ```swift
  /// for page in event.data.pages {
  ///   try await copy(page)
  ///   bus.extendLease(of: event)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - event: The event as the handler got it.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  /// - Returns: Whether the delivery still holds; `false` when its lease has ended, or it is no delivery of
  ///   this bus. With a group without leases it is `true`.
  @discardableResult
  public func extendLease<Payload>(of event: Event<Payload>, context: CallContext = .current) -> Bool {
    let (envelope, now) = (event.envelope, context.readClock())
    return update { $0.extendLease(of: envelope, at: now) }
  }
}

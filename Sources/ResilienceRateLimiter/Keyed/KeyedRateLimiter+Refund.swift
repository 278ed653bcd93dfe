public import ResilienceCore

extension KeyedRateLimiter {
  /// Puts permits of a key back that were taken and not used, such as for a call that was not made after all.
  ///
  /// A key never has more than its burst: of permits that have come back by themselves in the meantime
  /// nothing more comes back, nor of any that were not taken. Give back at once, since it cannot be told
  /// whose permits have come back by themselves.
  ///
  /// - Parameters:
  ///   - permits: As many as were taken; 0 or less gives nothing back. Default: 1.
  ///   - key: Whose permits.
  ///   - now: The present instant.
  public func refund(_ permits: Int = 1, key: Key, at now: Instant) {
    guard permits > 0 else { return }
    let (index, hash) = place(of: key)
    shards[index].withLock { $0.refund(permits, to: key, hash: hash, at: now) }
  }

  /// Puts permits of a key back that were taken and not used, at the present instant of the current context's
  /// clock; see ``refund(_:key:at:)``.
  public func refund(_ permits: Int = 1, key: Key) {
    refund(permits, key: key, at: CallContext.current.readClock())
  }

  /// Puts the permits of a call back that a layer inside has refused: nothing ran.
  @usableFromInline
  @inline(never)
  func refund(_ permits: Int, _ key: @autoclosure () -> Key, ifRefusal error: any Error) {
    if ErrorKind(of: error).contains(.rejection) { refund(permits, key: key()) }
  }
}

public import ResilienceCore
internal import Synchronization

extension TokenBucket {
  /// Puts permits back that were taken and not used, such as for a call that was not made after all.
  ///
  /// They are there at once, for those first who wait. The bucket never holds more than its burst: of permits
  /// that have come back by themselves in the meantime nothing more comes back, nor of any that were not
  /// given out. Give back at once, since it cannot be told whose permits have come back by themselves.
  ///
  /// - Parameters:
  ///   - permits: As many as were taken; 0 or less gives nothing back. Default: 1.
  ///   - now: The present instant.
  public func refund(_ permits: Int = 1, at now: Instant) {
    guard permits > 0 else { return }
    let alarm = withState(now) { state -> Waiter? in
      let givenOut = acquired.load(ordering: .relaxed) &- state.refunded
      let permits = min(permits, givenOut)
      return permits > 0 ? state.refund(permits, at: now) : nil
    }
    alarm?.grant()
  }

  /// Puts permits back that were taken and not used, at the present instant of the current context's clock;
  /// see ``refund(_:at:)``.
  public func refund(_ permits: Int = 1) {
    refund(permits, at: CallContext.current.readClock())
  }

  /// Puts the permits of a call back that a layer inside has refused: nothing ran.
  @usableFromInline
  @inline(never)
  func refund(_ permits: Int, ifRefusal error: any Error) {
    if ErrorKind(of: error).contains(.rejection) { refund(permits) }
  }
}

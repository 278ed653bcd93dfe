public import ResilienceCore
internal import Synchronization

extension TokenBucket {
  /// Takes permits in advance, for the earliest instant at which they are there.
  ///
  /// ```swift
  /// let reservation = try bucket.reserve(20, at: now)
  /// guard let due = reservation.due, due <= closingTime else {
  ///   reservation.cancel(at: now)
  ///   return
  /// }
  /// ```
  ///
  /// Calls that wait come first: while there are any, nothing can be reserved.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 are there at once, whoever waits. Default: 1.
  ///   - now: The present instant.
  /// - Throws: ``RateLimited`` when calls are waiting, or too many permits are reserved or waited for, or no
  ///   permit ever comes back; ``ImpossiblePermits``.
  public func reserve(_ permits: Int = 1, at now: Instant) throws -> Reservation {
    if permits == 0 { return Reservation(self, id: nil, permits: 0, at: now) }
    let booking = withState(now) { state in
      let booking = state.reserve(permits, at: now)
      switch booking {
      case .reserved: break
      case .refused(_, let retryAt):
        state.eventQueue?.enqueue(event(.refused(retryAt: retryAt), permits, at: now))
      case .impossible: state.eventQueue?.enqueue(event(.refused(retryAt: nil), permits, at: now))
      }
      return booking
    }
    if case .reserved(let id) = booking { return Reservation(self, id: id, permits: permits, at: now) }
    refused.wrappingAdd(1, ordering: .relaxed)
    drainEvents()
    guard case .refused(let reason, let retryAt) = booking else { throw impossible(permits) }
    throw RateLimited(limiter: name, reason: reason, retryAt: retryAt, at: now)
  }

  /// Takes permits in advance, at the present instant of the current context's clock; see ``reserve(_:at:)``.
  public func reserve(_ permits: Int = 1) throws -> Reservation {
    try reserve(permits, at: CallContext.current.readClock())
  }

  func due(of id: UInt64) -> Instant? {
    storage.withLock { $0.full?.pointee.bucket.due(of: id) }
  }

  func cancel(_ id: UInt64, at now: Instant) -> Bool {
    let (isCancelled, alarm) = withState(now) { state in
      let isCancelled = state.bucket.cancel(id, at: now)
      return (isCancelled, isCancelled ? state.takeAlarm() : nil)
    }
    alarm?.grant()
    return isCancelled
  }

  // The lock-free bucket stays closed until the next call: there is no instant to open it at.
  func settle(_ id: UInt64, _ permits: Int) {
    if storage.withLock({ $0.full?.pointee.bucket.settle(id) }) == true {
      acquired.wrappingAdd(permits, ordering: .relaxed)
    }
  }
}

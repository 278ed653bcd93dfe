public import ResilienceCore
internal import Synchronization

extension TokenBucket {
  /// Takes permits, waiting for them if it must: first come, first served.
  ///
  /// A call whose turn cannot come before its deadline does not wait at all. One that is cancelled leaves its
  /// place at once, and those behind it move up; if its deadline has passed by then, it is the deadline that
  /// ended the wait.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - deadline: Until when to wait; the call's own deadline holds as well. Default: only that.
  /// - Throws: ``RateLimited`` when the turn cannot come before the deadline, or too many are waiting, or no
  ///   permit ever comes back; ``ImpossiblePermits``; `CancellationError` when cancelled before the deadline.
  public nonisolated(nonsending) func acquire(_ permits: Int = 1, deadline: Deadline = .never) async throws {
    var context = CallContext.current
    context.tightenDeadline(to: deadline)
    if !takes(permits, at: context.now) { try await wait(permits, context) }
  }

  @usableFromInline
  @inline(never)
  nonisolated(nonsending) func wait(_ permits: Int, _ context: CallContext) async throws {
    guard let place = try enqueue(permits, context) else { return }
    if !place.turn.isGranted, await waitForTurn(place, context) == .cancelled {
      throw giveUp(place, context)
    }
    while let (due, alarm) = try takeTurn(place, context) {
      guard await alarm.wait(until: due, on: context.clock) == .granted else { throw giveUp(place, context) }
    }
  }

  // Those before may leave later than they were to, such as when their actor is busy. The deadline holds all
  // the same.
  private nonisolated(nonsending) func waitForTurn(_ place: WaitingQueue.Place, _ context: CallContext) async
    -> Waiter.Resolution
  {
    await place.turn.wait(until: place.deadline.instant, on: context.clock) {
      let next = self.withState(context.readClock()) { $0.remove(place) }
      next?.grant()
      place.turn.grant()
    }
  }

  /// - Returns: `nil` when the permits were there after all.
  private func enqueue(_ permits: Int, _ context: CallContext) throws -> WaitingQueue.Place? {
    let now = context.readClock()
    let admission = withState(now) { state in
      let admission = state.enqueue(permits, deadline: context.deadline, at: now)
      if let event = event(of: admission, permits, at: now) { state.eventQueue?.enqueue(event) }
      return admission
    }
    drainEvents()
    if let event = event(of: admission, permits, at: now) { context.emit(event) }
    switch admission {
    case .taken:
      acquired.wrappingAdd(permits, ordering: .relaxed)
      return nil
    case .queued(let place, _):
      return place
    case .refused(let reason, let retryAt):
      refused.wrappingAdd(1, ordering: .relaxed)
      throw RateLimited(limiter: name, reason: reason, retryAt: retryAt, at: now)
    case .impossible:
      refused.wrappingAdd(1, ordering: .relaxed)
      throw impossible(permits)
    }
  }

  /// Takes the permits of the first in the queue and lets the next step up.
  ///
  /// - Returns: What to sleep on, and until when; `nil` when they are taken.
  private func takeTurn(_ place: WaitingQueue.Place, _ context: CallContext) throws -> (Instant, Waiter)? {
    let now = context.readClock()
    let granted = event(.granted, place.amount, at: now)
    let turn = withState(now) { state in
      let turn = state.turn(of: place, at: now)
      if case .taken = turn { state.eventQueue?.enqueue(granted) }
      return turn
    }
    switch turn {
    case .taken(let next):
      acquired.wrappingAdd(place.amount, ordering: .relaxed)
      next?.grant()
      drainEvents()
      context.emit(granted)
      return nil
    case .sleep(let due, let alarm):
      return (due, alarm)
    case .late(let retryAt):
      leave(place, at: now, context)
      throw RateLimited(
        limiter: name, reason: retryAt == nil ? .noPermit : .deadline, retryAt: retryAt, at: now)
    case .impossible:
      leave(place, at: now, context)
      throw impossible(place.amount)
    }
  }

  /// - Returns: What a call that is cancelled while it waits throws: with its deadline passed it was not made
  ///   for want of a permit.
  private func giveUp(_ place: WaitingQueue.Place, _ context: CallContext) -> any Error {
    let now = context.readClock()
    let retryAt = leave(place, at: now, context)
    guard context.isOverdue(at: now) else { return CancellationError() }
    return RateLimited(limiter: name, reason: .deadline, retryAt: retryAt, at: now)
  }

  /// - Returns: When its permits could be taken after all that wait still.
  @discardableResult
  private func leave(_ place: WaitingQueue.Place, at now: Instant, _ context: CallContext) -> Instant? {
    let gaveUp = event(.gaveUp, place.amount, at: now)
    let (next, retryAt) = withState(now) { state in
      let next = state.remove(place)
      state.eventQueue?.enqueue(gaveUp)
      return (next, state.earliest(place.amount, at: now))
    }
    next?.grant()
    drainEvents()
    context.emit(gaveUp)
    return retryAt
  }

  func impossible(_ permits: Int) -> ImpossiblePermits {
    ImpossiblePermits(limiter: name, permits: permits, burst: limit.burst)
  }

  private func event(of admission: BucketState.Admission, _ permits: Int, at now: Instant) -> RateLimitEvent?
  {
    switch admission {
    case .taken: nil
    case .queued(_, let due): event(.queued(due: due), permits, at: now)
    case .refused(_, let retryAt): event(.refused(retryAt: retryAt), permits, at: now)
    case .impossible: event(.refused(retryAt: nil), permits, at: now)
    }
  }
}

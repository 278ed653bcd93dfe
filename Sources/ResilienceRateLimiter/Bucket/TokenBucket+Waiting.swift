public import ResilienceCore
internal import Synchronization

// Calls that wait stand in a line. The first one sleeps until its permits are there and takes them; then, or when it
// gives up, it is the next one's turn. Nothing is taken in advance, so nothing has to be given back.

extension TokenBucket {
  /// Takes permits, waiting for them if it must: first come, first served.
  ///
  /// A call whose turn cannot come before its deadline does not wait at all. One that is cancelled leaves its place at
  /// once, and those behind it move up.
  ///
  /// - Parameters:
  ///   - permits: 1 or more.
  ///   - deadline: Until when to wait; the call's own deadline holds as well. Default: only that.
  /// - Throws: ``RateLimited`` when the turn cannot come before the deadline, or too many are waiting, or no permit
  ///   ever comes back; ``PermitsExceedBurst``; `CancellationError`.
  public nonisolated(nonsending) func acquire(_ permits: Int = 1, deadline: Deadline = .never) async throws {
    var context = CallContext.current
    context.tightenDeadline(to: deadline)
    if !takesUnlessWaiting(permits, at: context.now) { try await wait(permits, context) }
  }

  @usableFromInline
  @inline(never)
  nonisolated(nonsending) func wait(_ permits: Int, _ context: CallContext) async throws {
    let place = try lineUp(permits, context)
    do {
      guard await place.turn.wait() == .granted else { throw CancellationError() }
      while let due = take(place, context) {
        if context.deadline.hasPassed(at: due) {
          throw RateLimited(limiter: name, reason: .deadline, retryAt: due)
        }
        try await context.clock.sleep(until: due)
      }
    } catch {
      leave(place, .gaveUp, at: context.readClock(), context)
      throw error
    }
  }

  private func lineUp(_ permits: Int, _ context: CallContext) throws -> WaitingLine.Place {
    let now = context.readClock()
    let (place, due, reason) = line.withLock {
      line -> (WaitingLine.Place?, Instant?, RateLimited.Reason) in
      guard permits <= limit.burst, let due = earliest(permits, at: now) else { return (nil, nil, .noPermit) }
      if context.deadline.hasPassed(at: due) { return (nil, due, .deadline) }
      if line.count >= maxWaiting { return (nil, due, .queueFull) }
      let place = line.append(permits: permits)
      waitingPermits.store(line.permits, ordering: .relaxed)
      outbox?.enqueue(event(.queued(due: due), permits, at: now))
      return (place, due, .noPermit)
    }
    guard let place, let due else { throw rejection(permits, context, reason) }
    outbox?.drain()
    context.emit(event(.queued(due: due), permits, at: now))
    return place
  }

  /// Takes the permits of the first in the line and lets the next step up.
  ///
  /// - Returns: When to try again; `nil` when they are taken.
  private func take(_ place: WaitingLine.Place, _ context: CallContext) -> Instant? {
    let now = context.readClock()
    guard takes(place.permits, at: now) else {
      return cell.withLock { $0.earliest(place.permits, at: now) }
    }
    leave(place, .granted, at: now, context)
    return nil
  }

  private func leave(
    _ place: WaitingLine.Place, _ kind: RateLimitEvent.Kind, at now: Instant, _ context: CallContext
  ) {
    let next = line.withLock { line in
      let next = line.remove(place)
      waitingPermits.store(line.permits, ordering: .relaxed)
      outbox?.enqueue(event(kind, place.permits, at: now))
      return next
    }
    next?.grant()
    outbox?.drain()
    context.emit(event(kind, place.permits, at: now))
  }
}

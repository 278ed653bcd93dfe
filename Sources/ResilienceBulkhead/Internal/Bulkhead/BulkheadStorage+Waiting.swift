public import ResilienceCore
internal import Synchronization

// A call that has no room stands in a queue. Whoever leaves takes the room that the first in it needs on his
// behalf, and wakes him; one that cannot be woken, as he was cancelled at this very moment, has the room
// taken back, and it is the next one's. All waking is done after the lock is released.

extension BulkheadStorage {
  @usableFromInline
  @inline(never)
  func enterLocked(_ weight: Int, _ context: CallContext) -> BulkheadToken? {
    if weight == 0 { return BulkheadToken(weight: 0) }
    // Nobody waits and nobody learns: it is full, and that is all there is to know.
    if !occupancy.isGuarded { return nil }
    return enterLocked(weight, at: context.readClock())
  }

  func enterLocked(_ weight: Int, at now: Instant) -> BulkheadToken? {
    if weight == 0 { return BulkheadToken(weight: 0) }
    return withGuarded { guarded in
      guard guarded.limit.allows(weight) else { return nil }
      let before = guarded.machine.inUse
      guard guarded.machine.tryEnter(weight) else {
        guarded.adaptive?.noteHeldBack(weight: weight)
        return nil
      }
      return guarded.token(weight, before: before, at: now)
    }
  }

  /// Tells of a call that was not let in; whether such a weight is ever let in.
  func reject(_ weight: Int) -> Bool {
    let isPossible = withGuarded { $0.limit.allows(weight) }
    tell(.rejected(isPossible ? .noRoom : nil))
    return isPossible
  }

  @usableFromInline
  @inline(never)
  nonisolated(nonsending) func wait(_ claim: BulkheadClaim, _ context: CallContext) async throws
    -> BulkheadToken
  {
    let arrivedAt = context.readClock()
    // One that has nobody to answer to must not take another's place.
    if Task.isCancelled { throw refusal(ofCancelled: context, at: arrivedAt) }
    let place: WaitingQueue.Place
    switch try enqueue(claim, at: arrivedAt, context) {
    case .inside(let token): return token
    case .outside(let given): place = given
    }
    let clock = context.clock
    let resolution = await withTaskCancellationHandler {
      await place.turn.wait(until: place.deadline.instant, on: clock) { self.giveUp(place, clock) }
    } onCancel: {
      self.giveUp(place, clock)
    }
    return try conclude(resolution, claim, since: arrivedAt, context)
  }
}

// MARK: - In and out of the queue

extension BulkheadStorage {
  enum Arrival: Sendable {
    case inside(BulkheadToken)
    case outside(WaitingQueue.Place)
  }

  private enum Answer: Sendable {
    case inside(BulkheadToken)
    case outside(WaitingQueue.Place, displaced: WaitingQueue.Place?)
    case rejected(BulkheadFull)
    case impossible(capacity: Int)
  }

  func enqueue(
    _ claim: BulkheadClaim, at now: Instant, _ context: CallContext
  ) throws -> Arrival {
    switch withGuarded({ arrive(claim, at: now, context.deadline, &$0) }) {
    case .inside(let token): return .inside(token)
    case .rejected(let error):
      tell(.rejected(error.reason), context)
      throw error
    case .impossible(let capacity):
      tell(.rejected(nil), context)
      throw ImpossibleWeight(bulkhead: name, weight: claim.weight, capacity: capacity)
    case .outside(let place, let displaced):
      displaced?.turn.cancel()
      letIn(at: now)
      eventQueue?.drain()
      context.emit(event(.queued(weight: claim.weight, priority: claim.priority)))
      return .outside(place)
    }
  }

  private func arrive(
    _ claim: BulkheadClaim, at now: Instant, _ deadline: Deadline, _ guarded: inout Guarded
  ) -> Answer {
    guard guarded.limit.allows(claim.weight) else { return .impossible(capacity: guarded.limit.capacity) }
    let before = guarded.machine.inUse
    if guarded.machine.tryEnter(claim.weight) {
      return .inside(guarded.token(claim.weight, before: before, at: now))
    }
    if deadline.hasPassed(at: now) { return .rejected(failure(.deadline, guarded)) }
    switch guarded.machine.enqueue(claim, until: deadline) {
    case .waiting(let place, let displaced):
      eventQueue?.enqueue(event(.queued(weight: claim.weight, priority: claim.priority)))
      return .outside(place, displaced: displaced)
    case .turnedAway:
      return .rejected(failure(guarded.machine.waiting == 0 ? .noRoom : .queueFull, guarded))
    }
  }

  private func failure(_ reason: BulkheadFull.Reason, _ guarded: Guarded) -> BulkheadFull {
    BulkheadFull(
      bulkhead: name, reason: reason, limit: guarded.machine.limit, waiting: guarded.machine.waiting)
  }

  /// Takes a call out of the queue at once: its place is free, and if it held others up they move on.
  private func giveUp(_ place: WaitingQueue.Place, _ clock: any ResilienceClock) {
    let hasLeft = withGuarded { $0.machine.abandon(place) }
    place.turn.cancel()
    if hasLeft { letIn(at: clock.now) }
  }

  /// Lets in those for whom there is room.
  func letIn(at now: Instant) {
    while let place = withGuarded({ $0.next(at: now) }) { wake(place) }
  }

  /// Wakes a call that has been let in; one that was cancelled at this very moment does not use its room.
  func wake(_ place: WaitingQueue.Place) {
    if !place.turn.grant() { withGuarded { $0.machine.leave(place.amount) } }
  }

  private func conclude(
    _ resolution: Waiter.Resolution, _ claim: BulkheadClaim, since arrivedAt: Instant, _ context: CallContext
  ) throws -> BulkheadToken {
    let now = context.readClock()
    let wait = Duration.nanoseconds(arrivedAt.nanoseconds(to: now))
    let isLate = context.isOverdue(at: now)
    if resolution == .granted, !Task.isCancelled, !isLate {
      waited.wrappingAdd(1, ordering: .relaxed)
      tell(.entered(waited: wait), context)
      return withGuarded { $0.token(claim.weight, at: now) }
    }
    // Let in when nobody waits any more for what it would do.
    if resolution == .granted { abandon(BulkheadToken(weight: claim.weight)) }
    if Task.isCancelled, !isLate {
      cancelled.wrappingAdd(1, ordering: .relaxed)
      tell(.gaveUp(nil, waited: wait), context)
      throw CancellationError()
    }
    let reason = isLate ? BulkheadFull.Reason.deadline : .displaced
    tell(.gaveUp(reason, waited: wait), context)
    throw withGuarded { failure(reason, $0) }
  }

  /// Whether it was the deadline that ended it, which says nothing about the destination, or the caller.
  private func refusal(ofCancelled context: CallContext, at now: Instant) -> any Error {
    guard context.isOverdue(at: now) else { return CancellationError() }
    tell(.rejected(.deadline), context)
    return withGuarded { failure(.deadline, $0) }
  }
}

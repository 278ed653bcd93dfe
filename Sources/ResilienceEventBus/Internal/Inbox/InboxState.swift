internal import ResilienceCore

/// What an inbox's lock protects: the events, and who waits for the end of one.
struct InboxState {
  enum Turn {
    case decided(InboxAdmission)
    case wait(WaitingQueue.Place, until: Instant)
  }

  var machine: InboxStateMachine
  var handled = 0
  var duplicates = 0
  var released = 0
  private var waiting: [InboxKey: WaitingQueue] = [:]
  private(set) var waiters = 0

  init(_ policy: InboxPolicy) {
    machine = InboxStateMachine(policy)
  }

  mutating func reserve(_ key: InboxKey, at now: Instant, for holder: InboxHolder? = nil) -> InboxAdmission {
    let admission = machine.reserve(key, at: now, for: holder)
    if admission == .duplicate { duplicates += 1 }
    return admission
  }

  /// As ``reserve(_:at:for:)``, with a place among those who wait where that helps.
  ///
  /// - Parameter limit: When it is no use to wait any more.
  mutating func reserve(
    _ key: InboxKey, at now: Instant, orWaitAs holder: InboxHolder, until limit: Instant, _ most: Int
  ) -> Turn {
    let admission = reserve(key, at: now, for: holder)
    guard case .busy(let until) = admission, limit > now, waiters < most,
      machine.isHeld(key, byOtherThan: holder)
    else { return .decided(admission) }
    waiters += 1
    let place = waiting[key, default: WaitingQueue("Inbox.run")].insert(1)
    return .wait(place, until: min(until, limit))
  }

  /// Takes who waited out of the queue, whyever the wait ended.
  mutating func leave(_ place: WaitingQueue.Place, _ key: InboxKey) {
    guard waiting[key]?.remove(place) == true else { return }
    waiters -= 1
    if waiting[key]?.isEmpty == true { waiting[key] = nil }
  }

  /// - Returns: Whether it is remembered by this, and all who waited for it.
  mutating func commit(_ reservation: InboxReservation, at now: Instant) -> (Bool, WaitingQueue?) {
    let isRemembered = machine.commit(reservation, at: now)
    if isRemembered { handled += 1 }
    guard waiters > 0, let queue = waiting.removeValue(forKey: reservation.key) else {
      return (isRemembered, nil)
    }
    waiters -= queue.count
    return (isRemembered, queue)
  }

  /// - Returns: Whether it was held, and who may handle the event now.
  mutating func release(_ reservation: InboxReservation) -> (Bool, Waiter?) {
    guard machine.release(reservation) else { return (false, nil) }
    released += 1
    return (true, takeNext(reservation.key))
  }

  mutating func takeNext(_ key: InboxKey) -> Waiter? {
    guard waiters > 0, let next = waiting[key]?.first else { return nil }
    leave(next, key)
    return next.turn
  }
}

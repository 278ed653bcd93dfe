public import ResilienceCore

/// Remembers which events were handled, so that a second delivery does nothing.
///
/// Brokers deliver at least once: after a crash between handling and acknowledging, an event comes again. An
/// inbox reserves an event before its handler runs, marks it as handled after the handler succeeded, and
/// releases it when the handler failed. Marking it before would lose the events whose handlers fail.
///
/// A duplicate that comes while the event is being handled waits for the end of that, and is dropped then, or
/// handled.
///
/// One inbox may serve several groups. What it remembers ends with the process, unless it was opened with
/// ``open(_:name:policy:journalPolicy:)``.
///
/// ```swift
/// let inbox = Inbox()
/// let charge = EventHandler("payment") { (event: Event<OrderCreated>) in try await pay(event.data) }
///   .deduplicate(inbox)
/// ```
public final class Inbox: Sendable {
  /// How long it remembers, and how much.
  public let policy: InboxPolicy

  /// Where handled events are written; `nil` in memory.
  let journal: Journal?

  private let state: Lock<InboxState>

  /// Creates an empty inbox in memory.
  ///
  /// - Parameter policy: How long it remembers, and how much. Default: ten minutes, 100 000 events.
  public init(policy: InboxPolicy = InboxPolicy()) {
    self.policy = policy
    journal = nil
    state = Lock(InboxState(policy))
  }

  init(policy: InboxPolicy, journal: Journal) {
    self.policy = policy
    self.journal = journal
    state = Lock(InboxState(policy))
  }

  /// Asks for the right to handle an event.
  ///
  /// It does not wait: of an event that somebody else is handling it says so. ``run(_:_:)`` waits.
  public func reserve(_ key: InboxKey, at now: Instant) -> InboxAdmission {
    state.withLock { $0.reserve(key, at: now) }
  }

  /// Marks a reserved event as handled, also when the lease has ended meanwhile: it is not handled again.
  ///
  /// - Returns: `false` when it was marked before, by somebody who took over when the lease ended (both have
  ///   handled it), or when the inbox is full of reservations.
  @discardableResult
  public func commit(_ reservation: InboxReservation, at now: Instant) -> Bool {
    let (isRemembered, queue) = state.withLock { $0.commit(reservation, at: now) }
    for place in queue?.places ?? [] { place.turn.grant() }
    return isRemembered
  }

  /// Gives a reservation back unhandled: the event may be handled again at once.
  ///
  /// - Returns: `false` when it was not held any more.
  @discardableResult
  public func release(_ reservation: InboxReservation) -> Bool {
    var (isHeld, next) = state.withLock { $0.release(reservation) }
    // One at a time: the rest waits for that one. One that was cancelled meanwhile does not ask.
    while let waiter = next, !waiter.grant() { next = state.withLock { $0.takeNext(reservation.key) } }
    return isHeld
  }

  /// What the inbox remembers and has done.
  public func snapshot() -> InboxSnapshot {
    state.withLock { state in
      InboxSnapshot(
        reserved: state.machine.reserved, remembered: state.machine.committed, handled: state.handled,
        duplicates: state.duplicates, released: state.released)
    }
  }

  func withState<Result: Sendable>(_ body: (inout InboxState) -> Result) -> Result {
    state.withLock { body(&$0) }
  }
}

public import ResilienceCore

/// Remembers which events were handled, so that a second delivery does nothing.
///
/// Brokers deliver at least once: after a crash between handling and acknowledging, an event comes again. An
/// inbox reserves an event before its handler runs, marks it as handled after the handler succeeded, and
/// releases it when the handler failed. Marking it before would lose the events whose handlers fail.
///
/// One inbox may serve several groups. It is in memory: what it remembers ends with the process.
///
/// ```swift
/// let inbox = Inbox()
/// let charge = EventHandler("payment") { (event: Event<OrderCreated>) in try await pay(event.data) }
///   .deduplicate(inbox)
/// ```
public final class Inbox: Sendable {
  /// How long it remembers, and how much.
  public let policy: InboxPolicy

  private struct State {
    var machine: InboxStateMachine
    var handled = 0
    var duplicates = 0
    var released = 0
  }

  private let state: Lock<State>

  /// Creates an empty inbox.
  ///
  /// - Parameter policy: How long it remembers, and how much. Default: ten minutes, 100 000 events.
  public init(policy: InboxPolicy = InboxPolicy()) {
    self.policy = policy
    state = Lock(State(machine: InboxStateMachine(policy)))
  }

  /// Asks for the right to handle an event.
  public func reserve(_ key: InboxKey, at now: Instant) -> InboxAdmission {
    state.withLock { state in
      let admission = state.machine.reserve(key, at: now)
      if admission == .duplicate { state.duplicates += 1 }
      return admission
    }
  }

  /// Marks a reserved event as handled.
  ///
  /// - Returns: `false` when the lease had ended and somebody else has taken over (both may have handled it),
  ///   or the inbox is full of reservations.
  @discardableResult
  public func commit(_ reservation: InboxReservation, at now: Instant) -> Bool {
    state.withLock { state in
      let isHeld = state.machine.commit(reservation, at: now)
      if isHeld { state.handled += 1 }
      return isHeld
    }
  }

  /// Gives a reservation back unhandled: the event may be handled again at once.
  ///
  /// - Returns: `false` when it was not held any more.
  @discardableResult
  public func release(_ reservation: InboxReservation) -> Bool {
    state.withLock { state in
      let isHeld = state.machine.release(reservation)
      if isHeld { state.released += 1 }
      return isHeld
    }
  }

  /// What the inbox remembers and has done.
  public func snapshot() -> InboxSnapshot {
    state.withLock { state in
      InboxSnapshot(
        reserved: state.machine.reserved, remembered: state.machine.committed, handled: state.handled,
        duplicates: state.duplicates, released: state.released)
    }
  }
}

extension Inbox {
  /// Runs `body` unless the event was handled before: the inline face of
  /// ``ResilienceCore/Handler/deduplicate(_:)``.
  ///
  /// - Returns: What `body` returns; `nil` for a duplicate.
  /// - Throws: What `body` throws, after the event was released; ``EventInProgress`` while somebody else
  ///   handles it.
  public nonisolated(nonsending) func run<Result>(
    _ key: InboxKey, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result? {
    try await run(key, in: .current, isHandled: { _ in true }, isHandledError: { _ in false }, body)
  }

  nonisolated(nonsending) func run<Result>(
    _ key: InboxKey, in context: CallContext, isHandled: (Result) -> Bool,
    isHandledError: (any Error) -> Bool, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result? {
    switch reserve(key, at: context.readClock()) {
    case .duplicate:
      context.emit(DuplicateDropped(key: key))
      return nil
    case .busy(let instant):
      throw EventInProgress(key: key, retryAt: instant)
    case .reserved(let reservation):
      do {
        let result = try await body()
        if isHandled(result) { commit(reservation, at: context.readClock()) } else { release(reservation) }
        return result
      } catch {
        if isHandledError(error) {
          commit(reservation, at: context.readClock())
        } else {
          release(reservation)
        }
        throw error
      }
    }
  }
}

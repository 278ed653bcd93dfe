internal import ResilienceCore

extension Inbox {
  /// Runs `body` unless the event was handled before: the inline face of
  /// ``ResilienceCore/Handler/deduplicate(_:)``.
  ///
  /// While somebody else handles the event it waits for the end of that, for as long as
  /// ``InboxPolicy/lease`` at most: a success is a duplicate's end too, after a failure it runs `body`
  /// itself.
  ///
  /// As long as `body` runs and its task is not cancelled, the reservation's lease does not end, however long
  /// it takes. A cancelled task has the rest of its lease; then another delivery may begin. Should `body`
  /// succeed all the same, later, the event is remembered.
  ///
  /// - Returns: What `body` returns; `nil` for a duplicate.
  /// - Throws: What `body` throws, after the event was released; ``EventInProgress`` when somebody else
  ///   handles it for longer than the lease or the caller's deadline, or the inbox is full;
  ///   `CancellationError` when the task is cancelled while it waits; ``JournalWriteFailed`` when the event
  ///   was handled and that could not be written: it is remembered in memory then.
  public nonisolated(nonsending) func run<Result>(
    _ key: InboxKey, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result? {
    try await run(key, in: .current, isHandled: { _ in true }, isHandledError: { _ in false }, body)
  }

  nonisolated(nonsending) func run<Result>(
    _ key: InboxKey, in context: CallContext, isHandled: (Result) -> Bool,
    isHandledError: (any Error) -> Bool, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result? {
    let holder = InboxHolder.current
    let now = context.readClock()
    var admission = withState { $0.reserve(key, at: now, for: holder) }
    if case .busy(let until) = admission {
      admission = try await wait(key, as: holder, from: now, until, context)
    }
    guard case .reserved(let reservation) = admission else {
      context.emit(DuplicateDropped(key: key))
      return nil
    }
    let result: Result
    do {
      result = try await body()
    } catch {
      if isHandledError(error) {
        if let journal { try await write(reservation, journal, context) }
        commit(reservation, at: context.readClock())
      } else {
        release(reservation)
      }
      throw error
    }
    if isHandled(result) {
      if let journal { try await write(reservation, journal, context) }
      commit(reservation, at: context.readClock())
    } else {
      release(reservation)
    }
    return result
  }

  /// Waits for the end of who handles the event, until that helps no more.
  ///
  /// - Returns: A reservation, or that it is a duplicate.
  @inline(never)
  private func wait(
    _ key: InboxKey, as holder: InboxHolder?, from start: Instant, _ until: Instant, _ context: CallContext,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> InboxAdmission {
    guard let holder else { throw EventInProgress(key: key, retryAt: until) }
    let limit = min(start.advanced(by: policy.lease), context.deadline.instant)
    let most = policy.capacity
    while true {
      let now = context.readClock()
      switch withState({ $0.reserve(key, at: now, orWaitAs: holder, until: limit, most) }) {
      case .decided(.busy(let until)):
        // After a wait in vain the event may be settled at any time.
        throw EventInProgress(key: key, retryAt: now < limit ? until : nil)
      case .decided(let admission):
        return admission
      case .wait(let place, let until):
        let resolution = await place.turn.wait(until: until, on: context.clock)
        withState { $0.leave(place, key) }
        if resolution == .cancelled { throw CancellationError() }
      }
    }
  }
}

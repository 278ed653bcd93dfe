public import ResilienceCore
internal import Synchronization

extension BulkheadStorage {
  /// Leaves when somebody waits or learns.
  @usableFromInline
  @inline(never)
  func leave(_ token: BulkheadToken, _ outcome: Outcome, _ context: CallContext) {
    leaveLocked(token, outcome, at: context.readClock())
  }

  /// Leaves without a word on what became of the call.
  func abandon(_ token: BulkheadToken) {
    if !leavesAtOnce(token.weight) { abandonLocked(token) }
  }

  @usableFromInline
  @inline(never)
  func abandonLocked(_ token: BulkheadToken) {
    leaveLocked(BulkheadToken(weight: token.weight), .neutral, at: CallContext.current.readClock())
  }

  @usableFromInline
  @inline(never)
  func leaveLocked(_ token: BulkheadToken, _ outcome: Outcome, at now: Instant) {
    let (next, isLast) = withGuarded { guarded in
      let old = guarded.fullLimit
      guarded.leave(token, outcome, at: now)
      noteLimit(from: old, to: guarded.fullLimit)
      return (guarded.next(at: now), guarded.endsHolding())
    }
    if let next {
      wake(next)
      letIn(at: now)
    }
    eventQueue?.drain()
    if isLast { Unmanaged.passUnretained(self).release() }
  }
}

extension BulkheadStorage.Guarded {
  /// The token of a call that has entered; `before` is what was inside before it, known while it enters.
  mutating func token(_ weight: Int, before: Int? = nil, at now: Instant) -> BulkheadToken {
    guard adaptive != nil else { return BulkheadToken(weight: weight) }
    if let before { adaptive?.enter(inUse: before, at: now) }
    return BulkheadToken(weight: weight, inUse: machine.inUse, enteredAt: now)
  }

  mutating func next(at now: Instant) -> WaitingQueue.Place? {
    let before = machine.inUse
    guard let place = machine.next() else { return nil }
    adaptive?.enter(inUse: before, at: now)
    return place
  }

  /// Whether the last permit of a bulkhead that is gone has been given back: said once.
  mutating func endsHolding() -> Bool {
    guard isHeldByPermits, machine.inUse == 0 else { return false }
    isHeldByPermits = false
    return true
  }

  mutating func leave(_ token: BulkheadToken, _ outcome: Outcome, at now: Instant) {
    if token.isMeasured {
      let call = AdaptiveLimit.Call(
        weight: token.weight, inUse: token.inUse,
        nanoseconds: max(0, token.enteredAt.nanoseconds(to: now)))
      adaptive?.leave(call, outcome, inUse: machine.inUse, at: now)
      lastMeasured = max(lastMeasured, now)
    }
    machine.leave(token.weight)
    if let limit = adaptive?.limit { machine.limit = limit }
  }
}

// MARK: - Telling

extension BulkheadStorage {
  func event(_ kind: BulkheadEvent.Kind) -> BulkheadEvent {
    BulkheadEvent(bulkhead: name, kind: kind)
  }

  func noteLimit(from old: Int, to new: Int) {
    if old != new { eventQueue?.enqueue(event(.limitChanged(from: old, to: new))) }
  }

  func tell(_ kind: BulkheadEvent.Kind, _ context: CallContext? = nil) {
    switch kind {
    case .rejected, .gaveUp(.some, _): rejected.wrappingAdd(1, ordering: .relaxed)
    default: break
    }
    eventQueue?.enqueue(event(kind))
    eventQueue?.drain()
    context?.emit(event(kind))
  }
}

/// Who waits for one execution, and whether more may. The caller that begins it is counted from the start.
@frozen
@usableFromInline
struct SharedExecutionStateMachine {
  @frozen
  @usableFromInline
  enum Phase: Hashable {
    case inProgress
    /// The last caller has left; it cannot be joined any more.
    case deserted
    case ended
  }

  @frozen
  @usableFromInline
  enum Departure: Hashable {
    /// Others still wait.
    case othersWait
    /// Nobody does: the execution is to be cancelled.
    case wasLast
    /// It ended at the same moment: its result is there.
    case hasEnded
  }

  @usableFromInline var phase = Phase.inProgress
  @usableFromInline var callers = 1
  /// Whether the last caller left as its deadline had passed.
  @usableFromInline var wasEndedByLimit = false

  @inlinable
  init() {}

  /// Counts one more caller; `false` when it is too late.
  @inlinable
  mutating func join() -> Bool {
    guard phase == .inProgress else { return false }
    callers += 1
    return true
  }

  /// One caller leaves.
  ///
  /// - Parameter isLate: Whether it does so as its deadline has passed, and not as it was cancelled.
  @inlinable
  mutating func leave(isLate: Bool) -> Departure {
    if phase == .ended { return .hasEnded }
    precondition(callers > 0, "a caller left an execution that nobody waits for")
    callers -= 1
    guard callers == 0 else { return .othersWait }
    phase = .deserted
    wasEndedByLimit = isLate
    return .wasLast
  }

  @inlinable
  mutating func end() {
    phase = .ended
  }
}

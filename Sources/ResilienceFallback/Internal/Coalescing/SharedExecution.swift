public import ResilienceCore

/// One execution, and the callers that wait for it.
///
/// Inlinable throughout, as ``SharedExecutionTable`` is: generic code that is not costs four times as much.
@usableFromInline
final class SharedExecution<Output: Sendable>: SharedWork {
  @usableFromInline typealias Execution = Task<Result<Output, any Error>, Never>

  @usableFromInline
  struct State {
    @usableFromInline var machine = SharedExecutionStateMachine()
    @usableFromInline var result: Result<Output, any Error>?
    @usableFromInline var execution: Execution?
    @usableFromInline var waiters: [UInt64: Waiter] = [:]
    @usableFromInline var tickets: UInt64 = 0
    /// The highest of those that joined; 0 when nobody has.
    @usableFromInline var priority: UInt8 = 0

    @inlinable
    init() {}
  }

  /// The span of the caller that began it.
  @usableFromInline let leader: TraceIDs

  @usableFromInline let state = Lock(State())

  @inlinable
  init(leader: TraceIDs) {
    self.leader = leader
  }

  /// Counts one more caller; `false` when it is too late.
  @inlinable
  func join() -> Bool {
    state.withLock { $0.machine.join() }
  }

  /// Raises the execution to the priority of a caller that has joined: nothing else tells the runtime that it
  /// waits.
  @inlinable
  func raise(to priority: TaskPriority) {
    let execution: Execution? = state.withLock { state in
      guard priority.rawValue > state.priority else { return nil }
      state.priority = priority.rawValue
      return state.execution
    }
    execution?.escalatePriority(to: priority)
  }

  /// Notes the task that executes. It may have ended already, and others may have joined.
  @inlinable
  func began(_ execution: Execution) {
    let priority = state.withLock { state in
      if state.machine.phase == .inProgress { state.execution = execution }
      return state.priority
    }
    if priority > 0 { execution.escalatePriority(to: TaskPriority(rawValue: priority)) }
  }

  /// What it came to; `nil` while it goes on.
  @inlinable var result: Result<Output, any Error>? { state.withLock { $0.result } }

  /// Whether it was cancelled since the deadline of its last caller had passed.
  @usableFromInline var wasEndedByLimit: Bool { state.withLock { $0.machine.wasEndedByLimit } }

  /// A place to wait in; `nil` when the result is there.
  @inlinable
  func takePlace() -> (waiter: Waiter, ticket: UInt64)? {
    state.withLock { state in
      guard state.machine.phase == .inProgress else { return nil }
      let waiter = Waiter("Handler.coalesce")
      state.tickets += 1
      state.waiters[state.tickets] = waiter
      return (waiter, state.tickets)
    }
  }

  /// Gives the place up. For the last caller the task comes along, which is to be cancelled and awaited.
  @inlinable
  func leave(_ ticket: UInt64, isLate: Bool) -> (
    departure: SharedExecutionStateMachine.Departure, execution: Execution?
  ) {
    state.withLock { state in
      state.waiters[ticket] = nil
      let departure = state.machine.leave(isLate: isLate)
      return (departure, departure == .wasLast ? state.execution.take() : nil)
    }
  }

  /// Keeps the result, and lets everybody have it.
  @inlinable
  func end(_ result: Result<Output, any Error>) {
    let (waiters, _): ([UInt64: Waiter], Execution?) = state.withLock { state in
      state.machine.end()
      state.result = result
      defer { state.waiters = [:] }
      return (state.waiters, state.execution.take())
    }
    // As they came: a dictionary's order differs from process to process, and a simulation would not replay.
    for (_, waiter) in waiters.sorted(by: { $0.key < $1.key }) { waiter.grant() }
  }
}

public import ResilienceCore
public import Synchronization

/// The executions in progress, by key. Each has a caller that waits for it, so there are never more than
/// callers.
@usableFromInline
final class SharedExecutionTable<Key: Hashable & Sendable, Output: Sendable>: Sendable {
  @usableFromInline let table = Lock<[Key: SharedExecution<Output>]>([:])
  @usableFromInline let started = Atomic<UInt64>(0)
  @usableFromInline let joined = Atomic<UInt64>(0)
  @usableFromInline let deserted = Atomic<UInt64>(0)

  @inlinable
  init() {}

  /// The execution of `key` to wait for, and whether the caller is the one who is to begin it.
  @inlinable
  func enter(_ key: Key, _ context: CallContext, name: @autoclosure () -> String) -> (
    shared: SharedExecution<Output>, isLeader: Bool
  ) {
    let new = SharedExecution<Output>(leader: context.trace)
    // The one that is replaced, if any, is handed out so that it is released outside.
    let (present, _): (SharedExecution<Output>?, SharedExecution<Output>?) = table.withLock { table in
      let present = table[key]
      if let present, present.join() { return (present, nil) }
      table[key] = new
      return (nil, present)
    }
    guard let present else {
      started.wrappingAdd(1, ordering: .relaxed)
      return (new, true)
    }
    present.raise(to: Task.currentPriority)
    joined.wrappingAdd(1, ordering: .relaxed)
    context.emit(CoalescingEvent.joined(call: name(), leader: present.leader))
    return (present, false)
  }

  /// Takes note of what an execution came to.
  @inlinable
  func end(_ shared: SharedExecution<Output>, _ key: Key, _ result: Result<Output, any Error>) {
    remove(shared, key)
    shared.end(result)
  }

  /// Waits for an execution.
  ///
  /// - Throws: What it throws; `CancellationError` when the caller is cancelled; ``SharedExecutionTimedOut``,
  ///   or ``DesertedExecution`` with what the execution threw when its last caller's deadline had passed.
  @inlinable
  nonisolated(nonsending) func wait(
    for shared: SharedExecution<Output>, _ key: Key, _ context: CallContext, name: String
  ) async throws -> Output {
    if let result = shared.result { return try result.get() }
    guard let (waiter, ticket) = shared.takePlace() else { return try shared.knownResult().get() }
    let resolution = await waiter.wait(until: context.deadline.instant, on: context.clock) { waiter.cancel() }
    if resolution == .granted { return try shared.knownResult().get() }

    let (departure, execution) = shared.leave(ticket, isLate: !context.callerHasCancelled)
    if departure == .hasEnded { return try shared.knownResult().get() }
    var underlying: (any Error)?
    if let execution {
      remove(shared, key)
      deserted.wrappingAdd(1, ordering: .relaxed)
      context.emit(CoalescingEvent.deserted(call: name))
      execution.cancel()
      switch await execution.value {
      case .success(let value): return value
      case .failure(let error): underlying = error
      }
    }
    if Task.isCancelled { throw underlying ?? CancellationError() }
    if let underlying { throw DesertedExecution(error: underlying) }
    throw SharedExecutionTimedOut(call: name, deadline: context.deadline)
  }

  func snapshot(of call: String) -> CoalescingSnapshot {
    CoalescingSnapshot(
      call: call, running: table.withLock { $0.count }, started: started.load(ordering: .relaxed),
      joined: joined.load(ordering: .relaxed), deserted: deserted.load(ordering: .relaxed))
  }

  @inlinable
  func remove(_ shared: SharedExecution<Output>, _ key: Key) {
    // Key and execution are handed out so that they are released outside.
    let _: (Key, SharedExecution<Output>)? = table.withLock { table in
      guard let index = table.index(forKey: key), table[index].value === shared else { return nil }
      let removed = table.remove(at: index)
      return (removed.key, removed.value)
    }
  }
}

extension SharedExecution {
  /// The result, where it must be there.
  @inlinable
  func knownResult() -> Result<Output, any Error> {
    guard let result else { preconditionFailure("an execution that has ended has no result") }
    return result
  }
}

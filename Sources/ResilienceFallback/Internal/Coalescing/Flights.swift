public import ResilienceCore
public import Synchronization

/// The executions in progress, by key. Each has a caller that waits for it, so there are never more than callers.
@usableFromInline
final class Flights<Key: Hashable & Sendable, Output: Sendable>: Sendable {
  @usableFromInline let table = Lock<[Key: Flight<Output>]>([:])
  @usableFromInline let started = Atomic<UInt64>(0)
  @usableFromInline let joined = Atomic<UInt64>(0)
  @usableFromInline let deserted = Atomic<UInt64>(0)

  @inlinable
  init() {}

  /// The execution of `key` to wait for, and whether the caller is the one who is to begin it.
  @inlinable
  func enter(_ key: Key, _ context: CallContext, name: @autoclosure () -> String) -> (
    flight: Flight<Output>, isLeader: Bool
  ) {
    let new = Flight<Output>(leader: context.trace)
    // The one that is replaced, if any, is handed out so that it is released outside.
    let (present, _): (Flight<Output>?, Flight<Output>?) = table.withLock { table in
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
  func end(_ flight: Flight<Output>, _ key: Key, _ result: Result<Output, any Error>) {
    remove(flight, key)
    flight.end(result)
  }

  /// Waits for an execution.
  ///
  /// - Throws: What it throws; `CancellationError` when the caller is cancelled; ``FlightTimedOut``, or ``DesertedFlight``
  ///   with what the execution threw when its last caller's deadline had passed.
  @inlinable
  nonisolated(nonsending) func wait(
    for flight: Flight<Output>, _ key: Key, _ context: CallContext, name: String
  ) async throws -> Output {
    if let result = flight.result { return try result.get() }
    guard let (waiter, ticket) = flight.board() else { return try flight.landed().get() }
    let clock = context.clock
    let timer =
      context.deadline.isNever ? nil : clock.schedule(at: context.deadline.instant) { waiter.cancel() }
    let resolution = await waiter.wait()
    if let timer { clock.cancel(timer) }
    if resolution == .granted { return try flight.landed().get() }

    let (departure, execution) = flight.leave(ticket, isLate: !context.callerHasCancelled)
    if departure == .hasEnded { return try flight.landed().get() }
    var underlying: (any Error)?
    if let execution {
      remove(flight, key)
      deserted.wrappingAdd(1, ordering: .relaxed)
      context.emit(CoalescingEvent.deserted(call: name))
      execution.cancel()
      switch await execution.value {
      case .success(let value): return value
      case .failure(let error): underlying = error
      }
    }
    if Task.isCancelled { throw underlying ?? CancellationError() }
    if let underlying { throw DesertedFlight(error: underlying) }
    throw FlightTimedOut(call: name, deadline: context.deadline)
  }

  func snapshot(of call: String) -> CoalescingSnapshot {
    CoalescingSnapshot(
      call: call, flights: table.withLock { $0.count }, started: started.load(ordering: .relaxed),
      joined: joined.load(ordering: .relaxed), deserted: deserted.load(ordering: .relaxed))
  }

  @inlinable
  func remove(_ flight: Flight<Output>, _ key: Key) {
    // Key and flight are handed out so that they are released outside.
    let _: (Key, Flight<Output>)? = table.withLock { table in
      guard let index = table.index(forKey: key), table[index].value === flight else { return nil }
      let removed = table.remove(at: index)
      return (removed.key, removed.value)
    }
  }
}

extension Flight {
  /// The result, where it must be there.
  @inlinable
  func landed() -> Result<Output, any Error> {
    guard let result else { preconditionFailure("a flight that has ended has no result") }
    return result
  }
}

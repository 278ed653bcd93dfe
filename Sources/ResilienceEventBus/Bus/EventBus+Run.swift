internal import ResilienceCore

extension EventBus {
  /// Delivers, until the task is cancelled.
  ///
  /// Everything runs as a child of the caller's task. On cancellation no delivery is begun any more, the
  /// handlers that run are cancelled and awaited, and what they did not finish is queued again as if it had
  /// not been delivered, whatever they make of the cancellation (but a ``PoisonEvent``): the snapshot shows
  /// it, and a later `run()` goes on with it. One `run()` at a time.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, and only then.
  public func run() async throws {
    update { $0.start() }
    defer { update { $0.stop() } }
    try await withThrowingDiscardingTaskGroup { tasks in
      tasks.addTask { try await self.keepTime() }
      while true {
        let waiter = Waiter("EventBus.run")
        let workers = update { $0.takeHirings(orWait: waiter) }
        for worker in workers {
          tasks.addTask { await self.work(as: worker) }
        }
        if workers.isEmpty, await waiter.wait() == .cancelled { throw CancellationError() }
        try Task.checkCancellation()
      }
    }
  }

  /// Releases redeliveries as they fall due, with one timer for the earliest of them.
  private func keepTime() async throws {
    let context = CallContext.current
    while true {
      let waiter = Waiter("EventBus.run")
      let due = update { $0.releaseDue(at: context.readClock(), orWait: waiter) }
      guard await waiter.wait(until: due, on: context.clock) == .granted else { throw CancellationError() }
    }
  }

  private func work(as worker: EventBusState.Worker) async {
    let runner = CallContext.current
    var isArriving = true
    while let ticket = await nextTicket(for: worker, isArriving: &isArriving) {
      await deliver(ticket, as: worker, runner)
    }
    update { $0.leave(worker) }
  }

  private func nextTicket(
    for worker: EventBusState.Worker, isArriving: inout Bool
  ) async -> LaneQueue.Ticket? {
    while !Task.isCancelled {
      let arrives = isArriving
      switch update({ $0.assignment(for: worker, isArriving: arrives) }) {
      case .deliver(let ticket):
        isArriving = false
        return ticket
      case .leave:
        return nil
      case .park(let waiter):
        guard await waiter.wait() == .granted else { return nil }
        isArriving = true
      }
    }
    return nil
  }
}

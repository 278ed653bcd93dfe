internal import ResilienceCore

extension EventBus {
  /// Delivers, until ``shutDown(grace:)`` or the task's cancellation.
  ///
  /// When the task is cancelled no delivery is begun any more, the handlers that run are cancelled and
  /// awaited, each at most until its delivery's lease ends, and what they did not finish is queued again as
  /// if it had not been delivered, whatever they make of the cancellation (but a ``PoisonEvent``): the
  /// snapshot shows it, and a later `run()` goes on with it. One `run()` at a time.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, and only then: after ``shutDown(grace:)`` it
  ///   returns.
  public func run() async throws {
    let context = CallContext.current
    keepTime(in: context)
    update { $0.start() }
    var sessions: [(BrokerLink, Task<Void, Never>)] = []
    let isCancelled = await startWorkers(on: context.executor, &sessions)
    for run in update({ $0.end() }) { run.cancel() }
    // In a task of its own, which is not cancelled.
    await Task.immediate(executorPreference: context.executor) { await self.waitForWorkers() }.value
    keepTime(in: nil)
    update { $0.stop() }
    // They give back what nobody is at work on, and leave.
    for (link, _) in sessions { link.close()?.grant() }
    for (_, session) in sessions { await session.value }
    if isCancelled { throw CancellationError() }
  }

  /// Ends ``run()``: delivers what there is for as long as `grace`, then cancels the handlers that still run.
  ///
  /// A handler that ignores its cancellation is left running after another tenth of `grace`, at least 10 ms
  /// and at most a second; its event is queued again. What was not delivered stays: the snapshot shows it,
  /// and a later `run()` goes on with it. Without a ``run()`` it returns at once.
  ///
  /// ```swift
  /// try await withGracefulShutdownHandler { try await bus.run() } onGracefulShutdown: {
  ///   Task { await bus.shutDown(grace: .seconds(20)) }
  /// }
  /// ```
  ///
  /// - Parameter grace: How long events are delivered on, 0 or more. Default: 20 s, so that all of it fits
  ///   into the 30 s that Kubernetes gives (`terminationGracePeriodSeconds`).
  /// - Returns: What is left, when ``run()`` has ended.
  @discardableResult
  public func shutDown(grace: Duration = .seconds(20)) async -> EventBusSnapshot {
    let context = CallContext.current
    // In a task of its own: should the caller's be cancelled, handlers have their time all the same.
    await Task.immediate(executorPreference: context.executor) {
      await self.endRun(after: max(.zero, grace), context)
    }.value
    return snapshot()
  }

  private func endRun(after grace: Duration, _ context: CallContext) async {
    let (idle, ended, left) = (
      Waiter("EventBus.shutDown"), Waiter("EventBus.shutDown"), Waiter("EventBus.shutDown")
    )
    guard update({ $0.isRunning(orWait: ended) }) else { return }
    if !update({ $0.isIdle(orEnded: idle) }) {
      await idle.wait(until: context.readClock().advanced(by: grace), on: context.clock)
    }
    update { state in
      state.forgetIdle(idle)
      state.requestEnd()
    }
    let patience = min(.seconds(1), max(.milliseconds(10), grace / 10))
    await ended.wait(until: context.readClock().advanced(by: patience), on: context.clock)
    guard update({ $0.abandonWorkers(orWait: left) }) else { return }
    _ = await left.wait()
  }

  /// - Returns: Whether it ended since the task was cancelled.
  private func startWorkers(
    on executor: (any TaskExecutor)?, _ sessions: inout [(BrokerLink, Task<Void, Never>)]
  ) async -> Bool {
    while !Task.isCancelled {
      for new in update({ $0.takeNewLinks() }) {
        new.link.open()
        let session = BrokerSession(bus: self, link: new.link, group: new.group)
        // It outlives the cancellation of this task by the time that settling takes.
        sessions.append((new.link, Task.immediate(executorPreference: executor) { await session.run() }))
      }
      let waiter = Waiter("EventBus.run")
      guard let runs = update({ $0.takeHirings(orWait: waiter) }) else { return false }
      for run in runs {
        run.begin({ await self.work(run) }, on: executor)
      }
      if runs.isEmpty, await waiter.wait() == .cancelled { return true }
    }
    return true
  }

  private func waitForWorkers() async {
    while true {
      let waiter = Waiter("EventBus.run")
      if update({ $0.hasEnded(orWait: waiter) }) { return }
      _ = await waiter.wait()
    }
  }

  private func work(_ run: WorkerRun) async {
    let (runner, hasBaggage) = (CallContext.current, CallContext.hasBaggage)
    var assignment = assignment(for: run, runner)
    while true {
      switch assignment {
      case .deliver(let ticket, let settings, let begin):
        let (end, time) = await deliver(
          ticket, to: run.worker, by: settings, at: begin, runner, hasBaggage: hasBaggage)
        let now = runner.readClock()
        // Whoever cancels a worker has the bus end, or not count it any more.
        assignment = settle(ticket, as: run.worker, end, at: time) { state in
          state.assignment(for: run, isArriving: false, at: now)
        }
      case .park(let waiter):
        assignment = await waiter.wait() == .granted ? self.assignment(for: run, runner) : .leave
      case .leave:
        return update { $0.leave(run) }
      }
    }
  }

  /// What a worker does that was just started or woken.
  private func assignment(for run: WorkerRun, _ runner: CallContext) -> EventBusState.Assignment {
    if Task.isCancelled { return .leave }
    let now = runner.readClock()
    return update { $0.assignment(for: run, isArriving: true, at: now) }
  }
}

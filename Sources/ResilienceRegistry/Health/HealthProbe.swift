internal import ResilienceCore

/// One check on its way: a task, and a race between its end and its timeout.
///
/// A check that outlives its timeout is cancelled but not abandoned: it still counts as running, so that a hung one is
/// never joined by a second.
final class HealthProbe: Sendable {
  private struct State {
    var hasEnded = false
    var succeeded = false
  }

  private let state = Lock(State())
  private let ended = Waiter("HealthMonitor check")
  private let task = Lock<Task<Void, Never>?>(nil)

  var isRunning: Bool { state.withLock { !$0.hasEnded } }

  static func start<Check: Handler>(
    _ check: Check, of instance: ServiceInstance, deadline: Instant
  ) -> HealthProbe where Check.Input == ServiceInstance {
    let probe = HealthProbe()
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: deadline))
    let task = Task.immediate(executorPreference: context.executor) { [context] in
      let succeeded: Bool
      do {
        let value = try await check.perform(instance, in: context)
        succeeded = check.outcome(ofValue: value).verdict != .failure
      } catch {
        // An error may be an answer: the check says so.
        succeeded = check.judge(error, in: context).verdict == .success
      }
      probe.end(succeeded)
    }
    probe.task.withLock { $0 = task }
    return probe
  }

  /// Waits for the end or for `deadline`, whichever comes first.
  ///
  /// - Returns: Whether the check succeeded in time; `nil` when the waiting task was cancelled.
  func result(until deadline: Instant, on clock: any ResilienceClock) async -> Bool? {
    guard await ended.wait(until: deadline, on: clock) == .granted else { return nil }
    return state.withLock { $0.hasEnded && $0.succeeded }
  }

  func cancel() {
    task.withLock { $0 }?.cancel()
  }

  /// Cancels the check and waits for its end.
  func finish() async {
    cancel()
    await task.withLock { $0 }?.value
  }

  private func end(_ succeeded: Bool) {
    state.withLock { $0 = State(hasEnded: true, succeeded: succeeded) }
    ended.grant()
  }
}

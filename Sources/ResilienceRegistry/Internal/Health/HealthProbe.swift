internal import ResilienceCore

/// One check on its way: a task, and a race between its end and its timeout.
///
/// A check that outlives its timeout is cancelled but not abandoned: it still counts as running, so that a
/// hung one is never joined by a second.
final class HealthProbe: Sendable {
  private let verdict = Lock<Verdict?>(nil)
  private let ended = Waiter("HealthMonitor check")
  private let task = Lock<Task<Void, Never>?>(nil)

  var isRunning: Bool { verdict.withLock { $0 == nil } }

  static func start<Check: Handler>(
    _ check: Check, of instance: ServiceInstance, deadline: Instant
  ) -> HealthProbe where Check.Input == ServiceInstance {
    let probe = HealthProbe()
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: deadline))
    let task = Task.immediate(executorPreference: context.executor) { [context] in
      do {
        let value = try await check.perform(instance, in: context)
        probe.end(check.judge(value: value, in: context).verdict)
      } catch {
        // An error may be an answer: the check says so.
        probe.end(check.judge(error, in: context).verdict)
      }
    }
    probe.task.withLock { $0 = task }
    return probe
  }

  /// Waits for the end or for `deadline`, whichever comes first.
  ///
  /// - Returns: What the check says about the instance, a failure when it has not ended in time; `nil` when
  ///   the waiting task was cancelled.
  func result(until deadline: Instant, on clock: any ResilienceClock) async -> Verdict? {
    guard await ended.wait(until: deadline, on: clock) == .granted else { return nil }
    return verdict.withLock { $0 } ?? .failure
  }

  func cancel() {
    task.withLock { $0 }?.cancel()
  }

  /// Cancels the check and waits for its end.
  func finish() async {
    cancel()
    await task.withLock { $0 }?.value
  }

  private func end(_ verdict: Verdict) {
    self.verdict.withLock { $0 = verdict }
    ended.grant()
  }
}

internal import ResilienceCore

/// The decisions of one run, with tasks numbered so that the same run reads the same every time.
final class ScheduleLog: Sendable {
  private struct State {
    var steps: [ScheduleStep] = []
    var tasks: [UInt64: Int] = [:]

    mutating func kind(_ identity: UInt64?) -> ScheduleStep.Kind {
      guard let identity else { return .timer }
      let number = tasks[identity] ?? tasks.count + 1
      tasks[identity] = number
      return .job(task: number)
    }
  }

  private let state = Lock(State())

  var steps: [ScheduleStep] { state.withLock { $0.steps } }

  /// - Parameters:
  ///   - jobs: The tasks of the jobs that were runnable, the oldest in front.
  ///   - timers: How many timers were due.
  func append(_ step: Int, at instant: Instant, taking option: Int, of jobs: [UInt64], timers: Int) {
    state.withLock { state in
      let kind = state.kind(option < jobs.count ? jobs[option] : nil)
      let plain = option > 0 ? state.kind(jobs.first) : nil
      state.steps.append(
        ScheduleStep(
          number: step, instant: instant, kind: kind, option: option, options: jobs.count + timers,
          overtaken: plain))
    }
  }
}

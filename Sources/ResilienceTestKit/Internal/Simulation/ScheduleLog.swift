internal import ResilienceCore

/// The decisions of one run, with tasks numbered so that the same run reads the same every time.
final class ScheduleLog: Sendable {
  private struct State {
    var steps: [ScheduleStep] = []
    var tasks: [String: Int] = [:]
  }

  private let state = Lock(State())

  var steps: [ScheduleStep] { state.withLock { $0.steps } }

  /// - Parameter job: The job's name, which holds the runtime's number of its task; `nil` for a timer.
  func append(at instant: Instant, job: String?, option: Int, of options: Int) {
    state.withLock { state in
      let kind: ScheduleStep.Kind
      if let job {
        let number = state.tasks[job] ?? state.tasks.count + 1
        state.tasks[job] = number
        kind = .job(task: number)
      } else {
        kind = .timer
      }
      state.steps.append(ScheduleStep(instant: instant, kind: kind, option: option, options: options))
    }
  }
}

internal import ResilienceCore

/// The decisions of one run, with tasks numbered so that the same run reads the same every time.
final class ScheduleLog: Sendable {
  private struct State {
    var steps: [ScheduleStep] = []
    var order: [UInt64] = []
    var tasks: [UInt64: Int] = [:]

    mutating func kind(_ name: UInt64?) -> ScheduleStep.Kind {
      guard let name else { return .timer }
      let number = tasks[name] ?? tasks.count + 1
      tasks[name] = number
      return .job(task: number)
    }
  }

  private let state = Lock(State())

  var steps: [ScheduleStep] { state.withLock { $0.steps } }

  /// The names of what ran, step by step.
  var order: [UInt64] { state.withLock { $0.order } }

  /// - Parameters:
  ///   - names: The names of the timers that were due, and of the jobs that were runnable, the oldest in
  ///     front.
  ///   - timers: How many of them are timers.
  func append(_ step: Int, at instant: Instant, taking option: Int, of names: [UInt64], timers: Int) {
    state.withLock { state in
      let kind = state.kind(option < timers ? nil : names[option])
      let plain = option > 0 ? state.kind(timers > 0 ? nil : names[0]) : nil
      state.order.append(names[option])
      state.steps.append(
        ScheduleStep(
          number: step, instant: instant, kind: kind, option: option, options: names.count,
          overtaken: plain))
    }
  }
}

internal import ResilienceCore

/// Asks one check, for all who want to know at that time.
final class ReadinessRunner: Sendable {
  private struct State {
    var answer: CachedAnswer
    var waiting: [Waiter] = []
    var task: Task<Void, Never>?
  }

  let check: ReadinessCheck
  private let state: Lock<State>

  init(_ check: ReadinessCheck) {
    self.check = check
    state = Lock(State(answer: CachedAnswer(maxAge: check.maxAge, timeout: check.timeout)))
  }

  func entry() async -> ReadinessReport.Entry {
    let clock = CallContext.current.clock
    // Not the first time round: what was answered at this very instant was somebody else's question.
    var since: Instant?
    while true {
      let now = clock.now
      let waiter = Waiter("ReadinessEndpoint")
      let decision = state.withLock { state in
        let decision = state.answer.ask(at: now, since: since)
        if case .answer = decision {} else { state.waiting.append(waiter) }
        return decision
      }
      since = since ?? now
      let end: Instant
      switch decision {
      case .answer(let answer):
        return entry(failure: answer.failure, age: answer.at.duration(to: now))
      case .wait(let until):
        end = until
      case .ask(let number, let until):
        end = until
        ask(number, until: until)
      }
      guard await waiter.wait(until: end, on: clock) == .granted else {
        return entry(failure: "nobody waited for the answer", age: .zero)
      }
      if clock.now >= end { cancel() }
    }
  }

  /// Starts the check as a task of its own: whoever asked may leave, and others wait too.
  private func ask(_ number: UInt64, until: Instant) {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: until))
    let task = Task.immediate(executorPreference: context.executor) { [context, check] in
      do {
        try await CallContext.withCurrent(context) { try await check.body() }
        self.finish(number, failure: nil)
      } catch {
        self.finish(number, failure: "\(error)")
      }
    }
    state.withLock { $0.task = task }
  }

  private func finish(_ number: UInt64, failure: String?) {
    let now = CallContext.current.readClock()
    let waiting = state.withLock { state in
      state.answer.finish(number, failure: failure, at: now)
      defer { state.waiting = [] }
      return state.waiting
    }
    waiting.forEach { $0.grant() }
  }

  private func cancel() {
    state.withLock { $0.task }?.cancel()
  }

  private func entry(failure: String?, age: Duration) -> ReadinessReport.Entry {
    ReadinessReport.Entry(
      name: check.name, isCritical: check.isCritical, failure: failure, age: max(.zero, age))
  }
}

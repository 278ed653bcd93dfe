// What the owner may do without asking, and how the machine hears of it.

extension CircuitBreakerStateMachine {
  /// What the owner needs to let calls in, and to take successes, without asking.
  package var word: CircuitBreakerWord {
    let asksAdmission =
      switch mode {
      case .closed, .metricsOnly: rules.timesCalls
      case .disabled: false
      case .recovering, .open, .halfOpen, .forcedOpen: true
      }
    let word = CircuitBreakerWord(
      generation: generation, mode, asksAdmission: asksAdmission,
      asksResults: rules.needsTimeOfResults || !isSettled)
    return presentSlice.map { word.timing(slice: $0.number) } ?? word
  }

  /// Whether no number of successes can change anything: none can make a rate defined that has a failure in
  /// it.
  private var isSettled: Bool {
    history.tally.failures == 0 || history.tally.calls >= rules.minimumThroughput
  }

  /// The slice of time whose calls the owner may count without asking, and when they begin and succeed.
  var presentSlice: (number: Int64, begin: Int64, end: Int64)? {
    guard rules.timesCalls, mode == .closed, history.isSettledForSlowCalls(rules) else { return nil }
    return history.running.presentSlice
  }

  /// Counts what the owner has counted by ``word`` without asking.
  mutating func count(pendingIn word: CircuitBreakerWord) {
    if word.pendingRunning != 0 { history.running.changePresent(by: word.pendingRunning) }
    count(successes: word.pendingSuccesses)
  }

  /// Counts successes that the owner has taken without asking.
  package mutating func count(successes count: Int) {
    guard count > 0 else { return }
    successes &+= count
    if hasHistory { history.append(successes: count) }
  }
}

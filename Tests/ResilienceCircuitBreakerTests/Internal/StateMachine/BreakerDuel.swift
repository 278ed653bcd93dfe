import ResilienceCore

@testable import ResilienceCircuitBreaker

/// The state machine and its model, given the same operations.
struct BreakerDuel: ~Copyable {
  var machine: CircuitBreakerStateMachine
  var model: BreakerModel
  var tokens: [CircuitBreakerToken] = []
  private var operations = 0
  private(set) var quickRecords = 0
  /// What they first disagreed about.
  private(set) var disagreement: String?

  init(_ policy: CircuitBreakerPolicy) {
    machine = CircuitBreakerStateMachine(policy)
    model = BreakerModel(policy)
  }

  private var now: Instant { Instant(nanoseconds: model.now) }

  mutating func wait(_ nanoseconds: Int64) {
    model.advance(to: model.now + nanoseconds)
  }

  /// Whether the call is let in; the token is kept.
  @discardableResult
  mutating func admit() -> Bool {
    let isAllowed = model.admit()
    if operations % 2 == 0, !machine.word.admitsFreely, let start = machine.admitTimed(at: now) {
      tokens.append(CircuitBreakerToken(word: machine.word, start: start))
      if !isAllowed { disagreement = "\(model.state): quickly let a call in at \(now)" }
      if disagreement == nil { compare("admit quickly") }
      return true
    }
    switch machine.admit(at: now, draw: 0).decision {
    case .admitted(let token):
      tokens.append(token)
      if !isAllowed { disagreement = "\(model.state): let a call in at \(now)" }
    case .rejected:
      if isAllowed { disagreement = "\(model.state): let no call in at \(now)" }
    }
    if disagreement == nil { compare("admit") }
    return isAllowed
  }

  /// Ends a call; without a verdict it is abandoned.
  mutating func finish(_ index: Int, _ verdict: Verdict?, retryAfter: Int64 = 0) {
    guard tokens.indices.contains(index), disagreement == nil else { return }
    let token = tokens.remove(at: index)
    model.finish(index, verdict, retryAfter: retryAfter)
    if verdict == .success, operations % 3 == 0, machine.recordTimedSuccess(token, at: now) {
      quickRecords += 1
    } else if let verdict {
      _ = machine.record(token, verdict, retryAfter: retryAfter, at: now, draw: 0)
    } else {
      _ = machine.advance(to: now)
      machine.abandon(token)
    }
    compare("finish")
  }

  mutating func call(_ verdict: Verdict) {
    if admit() { finish(tokens.count - 1, verdict) }
  }

  /// A success as the owner counts it, without asking.
  mutating func quickSuccess() {
    _ = machine.advance(to: now)
    guard machine.word.addingSuccess(ofCallAdmittedAs: machine.word) != nil else { return call(.success) }
    _ = model.admit()
    model.finish(model.calls.count - 1, .success, retryAfter: 0)
    machine.count(successes: 1)
    compare("quick success")
  }

  mutating func set(_ override: CircuitBreakerOverride?) {
    model.set(override)
    _ = machine.set(override, at: now)
    compare("set")
  }

  mutating func look() {
    _ = machine.advance(to: now)
    machine.forget(by: now)
    if disagreement == nil, !isSameInAll { describe("look") }
  }

  /// The state after each operation, all there is after every eighth and in ``look()``: a difference stays
  /// one.
  private mutating func compare(_ operation: StaticString) {
    operations += 1
    guard disagreement == nil else { return }
    machine.forget(by: now)
    let isSame = machine.mode == mode && (operations % 8 != 0 || isSameInAll)
    if !isSame { describe(operation) }
  }

  private var isSameInAll: Bool {
    machine.state == state && machine.successes == model.successes && machine.failures == model.failures
      && machine.staleResults == model.stale && machine.openings == model.openings
      && machine.reopenings == model.reopenings && machine.windowCalls == model.results.count
      && machine.windowFailures == model.results.count { $0.failed }
      && machine.windowSlow == model.results.count { $0.slow }
      && machine.consecutiveFailures == model.inARow.count
      && machine.probesRunning == model.probesRunning && machine.overdueCalls == model.overdue
  }

  private mutating func describe(_ operation: StaticString) {
    disagreement = """
      after \(operation) at \(now): \(machine.state) instead of \(state); \
      window \(machine.windowCalls)/\(machine.windowFailures)/\(machine.windowSlow), \
      overdue \(machine.overdueCalls), probes \(machine.probesRunning), \
      openings \(machine.openings), \(machine.reopenings) in a row, stale \(machine.staleResults); \(model)
      """
  }

  private var mode: CircuitBreakerWord.Mode {
    switch model.state {
    case .closed: .closed
    case .recovering: .recovering
    case .open: .open
    case .halfOpen: .halfOpen
    case .forcedOpen: .forcedOpen
    case .disabled: .disabled
    case .metricsOnly: .metricsOnly
    }
  }

  private var state: CircuitBreakerState {
    switch model.state {
    case .closed: .closed
    case .recovering: .recovering(until: Instant(nanoseconds: model.recoveredAt))
    case .open: .open(until: Instant(nanoseconds: model.openUntil))
    case .halfOpen: .halfOpen
    case .forcedOpen: .forcedOpen
    case .disabled: .disabled
    case .metricsOnly: .metricsOnly
    }
  }
}

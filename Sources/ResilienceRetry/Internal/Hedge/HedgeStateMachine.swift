internal import ResilienceCore

/// One hedged call: which attempts run, when the next one may begin, whose ending is the call's.
///
/// The first attempt runs from the start. Attempts are numbered from 1.
struct HedgeStateMachine {
  enum Decision: Hashable {
    /// Begin the next attempt, if the budget allows it.
    case begin
    /// Nothing to do until an attempt ends, or until this instant.
    case wait(until: Instant?)
    /// The call is over: cancel what still runs. ``answer`` is final when nothing does.
    case end
  }

  enum State: Hashable {
    /// Further attempts may begin: the next one at this instant, or after a failure.
    case open(next: Instant?)
    /// No further one begins; what runs may still succeed.
    case closed
    /// The caller does not want the result any more; what runs may still succeed.
    case cancelled
    /// This attempt's success is the answer.
    case won(by: Int)
    /// This attempt's ending is the call's: a further one would come to the same.
    case ended(by: Int)
  }

  let maxAttempts: Int
  private let delayNanoseconds: Int64?
  private let typicalNanoseconds: Int64
  private let deadline: Deadline
  private let mayRepeat: Bool

  private(set) var state: State
  private(set) var begun = 1
  private(set) var running = AttemptSet.attempt(1)
  private var late: AttemptSet = []

  /// - Parameters:
  ///   - delayNanoseconds: How long an attempt may take before the next begins; `nil` when none begins for
  ///     that.
  ///   - typicalNanoseconds: What an attempt needs to be of use before the deadline.
  ///   - mayRepeat: Whether another attempt may begin without proof that the earlier ones did nothing.
  init(
    maxAttempts: Int, delayNanoseconds: Int64?, typicalNanoseconds: Int64 = 0, deadline: Deadline = .never,
    mayRepeat: Bool = true, at now: Instant
  ) {
    self.maxAttempts = maxAttempts
    self.delayNanoseconds = mayRepeat ? delayNanoseconds : nil
    self.typicalNanoseconds = typicalNanoseconds
    self.deadline = deadline
    self.mayRepeat = mayRepeat
    state = .open(next: self.delayNanoseconds.map(now.advanced(byNanoseconds:)))
  }

  var isDecided: Bool {
    switch state {
    case .won, .ended: true
    case .open, .closed, .cancelled: false
    }
  }

  var isWon: Bool { if case .won = state { true } else { false } }

  /// Whose ending is the call's: the first attempt's, unless another one decides the call.
  var answer: Int {
    switch state {
    case .won(let attempt), .ended(let attempt): attempt
    case .open, .closed, .cancelled: 1
    }
  }

  /// Those that still ran when the call was decided.
  var losers: AttemptSet { isDecided ? late.union(running) : [] }

  // MARK: - Beginning

  func decision(at now: Instant) -> Decision {
    switch state {
    case .won, .ended, .cancelled: return .end
    case .open(let next?) where begun < maxAttempts && isOfUse(at: max(next, now)):
      if next <= now { return .begin }
      return running.isEmpty ? .end : .wait(until: next)
    case .open, .closed:
      return running.isEmpty ? .end : .wait(until: nil)
    }
  }

  /// Counts the attempt that ``decision(at:)`` asked for; its number.
  mutating func begin(at now: Instant) -> Int {
    begun += 1
    running.insert(.attempt(begun))
    state = .open(next: delayNanoseconds.map(now.advanced(byNanoseconds:)))
    return begun
  }

  /// The budget refused the attempt that ``decision(at:)`` asked for.
  mutating func refuse() {
    state = .closed
  }

  mutating func cancel() {
    if !isDecided { state = .cancelled }
  }

  private func isOfUse(at instant: Instant) -> Bool {
    deadline.remainingNanoseconds(at: instant) > typicalNanoseconds
  }

  // MARK: - Ending

  /// What an attempt that has ended means for the budget.
  enum Ending: Hashable {
    /// The next attempt begins because of it, and takes the token.
    case repeated
    /// Nothing begins because of it.
    case final
    /// The call was decided or cancelled before: it says nothing about the destination.
    case late
  }

  /// - Parameter wasRefused: Whether one of our own layers refused to start the work.
  @discardableResult
  mutating func ended(
    _ attempt: Int, _ outcome: Outcome, wasRefused: Bool = false, at now: Instant
  ) -> Ending {
    running.remove(.attempt(attempt))
    if isDecided {
      late.insert(.attempt(attempt))
      return .late
    } else if outcome.verdict == .success {
      state = .won(by: attempt)
    } else if state == .cancelled {
      return .late
    } else if wasRefused || outcome.pushback.overloaded {
      // More load is not wanted.
      state = .closed
    } else if outcome.verdict == .neutral || outcome.pushback.doNotRetry {
      state = .ended(by: attempt)
    } else if case .open = state, mayRepeat || outcome.pushback.notProcessed {
      let wait = max(0, outcome.pushback.retryAfter?.clampedNanoseconds ?? 0)
      state = .open(next: now.advanced(byNanoseconds: wait))
      if decision(at: now) == .begin { return .repeated }
    }
    return .final
  }
}

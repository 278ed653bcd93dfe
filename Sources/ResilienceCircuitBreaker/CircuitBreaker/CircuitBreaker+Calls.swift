public import ResilienceCore
public import Synchronization

// The way of a call: its admission, its result, and the lock around the state machine that both come to when
// the word alone cannot say. The machine decides; it calls nothing here.

// MARK: - Admission

extension CircuitBreaker {
  /// Asks for one call.
  ///
  /// Neither throws nor allocates. What is left to chance is drawn from the current context's source.
  ///
  /// - Parameter now: The present instant.
  /// - Returns: A permit, to be finished after the call; or the rejection.
  @inlinable
  @inline(__always)
  public func admit(at now: Instant) -> CircuitBreakerAdmission {
    let word = word.load(ordering: .acquiring)
    if word.admitsFreely {
      return .admitted(CircuitBreakerPermit(breaker: self, token: CircuitBreakerToken(word: word)))
    }
    if word.isOpen, let retryAt = rejectWhileOpen(at: now) { return .rejected(retryAt: retryAt) }
    return admitSlowly(at: now)
  }

  @usableFromInline
  @inline(never)
  func admitSlowly(at now: Instant) -> CircuitBreakerAdmission {
    switch decide(at: now, observer: nil) {
    case .admitted(let token): .admitted(CircuitBreakerPermit(breaker: self, token: token))
    case .rejected(let retryAt): .rejected(retryAt: retryAt)
    }
  }

  /// Lets a call of the decorator, or of `run`, in, or throws the rejection.
  @inlinable
  @inline(__always)
  func admit(_ context: CallContext) throws -> CircuitBreakerToken {
    let word = word.load(ordering: .acquiring)
    return word.admitsFreely ? CircuitBreakerToken(word: word) : try admitSlowly(word, context)
  }

  @usableFromInline
  @inline(never)
  func admitSlowly(_ word: CircuitBreakerWord, _ context: CallContext) throws -> CircuitBreakerToken {
    var known = context
    let now = known.now
    var retryAt = word.isOpen ? rejectWhileOpen(at: now) : nil
    if retryAt == nil {
      switch decide(at: now, observer: context) {
      case .admitted(let token): return token
      case .rejected(let instant): retryAt = instant
      }
    }
    context.emit(CircuitBreakerEvent(breaker: name, kind: .rejected(retryAt: retryAt), instant: now))
    throw refusal() ?? CircuitOpen(breaker: name, retryAt: retryAt)
  }

  /// The error of the present state, with its count as of now; `nil` if the state rejects no more.
  private func refusal() -> (any Error)? {
    machine.withLock { machine in machine.refuse(rejections.load(ordering: .relaxed)) }
  }

  /// Counts a rejection, unless the open time is over.
  @inlinable
  @inline(__always)
  func rejectWhileOpen(at now: Instant) -> Instant? {
    let until = openUntil.load(ordering: .relaxed)
    guard now.nanoseconds < until else { return nil }
    rejections.wrappingAdd(1, ordering: .relaxed)
    return Instant(nanoseconds: until)
  }

  @inline(__always)
  private func decide(at now: Instant, observer: CallContext?) -> CircuitBreakerStateMachine.Decision {
    if let timed = enterSlice(at: now) ?? admitTimed(at: now) { return .admitted(timed) }
    let draw = (observer ?? .current).random()
    let decision = operate(at: now, observer: observer) { machine in machine.admit(at: now, draw: draw) }
    if case .rejected = decision { rejections.wrappingAdd(1, ordering: .relaxed) }
    return decision
  }
}

// MARK: - Results

extension CircuitBreaker {
  /// Takes the token of a call of the decorator, or of `run`, with what became of it.
  @inlinable
  @inline(__always)
  func record(_ token: CircuitBreakerToken, _ outcome: Outcome, _ context: CallContext) {
    if !countSuccess(token, outcome.verdict) { recordSlowly(token, outcome, context) }
  }

  /// The same for a call that threw, out of line: else every call would pay for the room that it takes.
  @usableFromInline
  @inline(never)
  func recordThrown(
    _ token: CircuitBreakerToken, _ outcome: Outcome, _ error: any Error, _ context: CallContext
  ) {
    guard !countSuccess(token, outcome.verdict) else { return }
    record(token, outcome, error, at: context.readClock(), observer: context)
  }

  /// The same for a permit that is given back with an error.
  @usableFromInline
  @inline(never)
  func recordThrown(
    _ token: CircuitBreakerToken, _ outcome: Outcome, _ error: any Error, at now: Instant
  ) {
    guard !countSuccess(token, outcome.verdict) else { return }
    record(token, outcome, error, at: now, observer: nil)
  }

  @usableFromInline
  @inline(never)
  func recordSlowly(_ token: CircuitBreakerToken, _ outcome: Outcome, _ context: CallContext) {
    let now = context.readClock()
    if outcome.verdict == .success, countTimedSuccess(token, at: now) { return }
    record(token, outcome, nil, at: now, observer: context)
  }

  @usableFromInline
  @inline(never)
  func recordSlowly(_ token: CircuitBreakerToken, _ verdict: Verdict, _ pushback: Pushback, at now: Instant) {
    if verdict == .success, countTimedSuccess(token, at: now) { return }
    record(token, Outcome(verdict, pushback: pushback), nil, at: now, observer: nil)
  }

  /// Counts a success in the word, if that is all there is to do.
  @inlinable
  @inline(__always)
  func countSuccess(_ token: CircuitBreakerToken, _ verdict: Verdict) -> Bool {
    guard verdict == .success else { return false }
    var present = word.load(ordering: .relaxed)
    while let next = present.addingSuccess(ofCallAdmittedAs: token.word) {
      let (exchanged, original) = word.weakCompareExchange(
        expected: present, desired: next, ordering: .relaxed)
      if exchanged { return true }
      present = original
    }
    return false
  }

  /// Counts a timed success, if it changes nothing else.
  @inline(__always)
  private func countTimedSuccess(_ token: CircuitBreakerToken, at now: Instant) -> Bool {
    let isTimed = !token.word.admitsFreely
    if isTimed, leaveSlice(token, at: now) { return true }
    return machine.withLock { machine in
      guard machine.rules.needsTimeOfResults else { return false }
      // Any other word, as it asks for results, changes with the lock held only.
      guard isTimed, word.load(ordering: .relaxed).isTimed else {
        return machine.recordTimedSuccess(token, at: now)
      }
      takeWord(&machine)
      let isCounted = machine.recordTimedSuccess(token, at: now)
      publishWord(of: machine)
      return isCounted
    }
  }

  @inline(never)
  private func record(
    _ token: CircuitBreakerToken, _ outcome: Outcome, _ error: (any Error)?, at now: Instant,
    observer: CallContext?
  ) {
    let verdict = outcome.verdictOnDestination
    guard verdict == .failure else {
      return operate(at: now, observer: observer) { machine in
        ((), machine.record(token, verdict, at: now, draw: 0))
      }
    }
    let draw = (observer ?? .current).random()
    let retryAfter = outcome.pushback.retryAfter?.clampedNanoseconds ?? 0
    let cause = error.map { .error($0) } ?? FailureCause.value(outcome.pushback)
    operate(at: now, observer: observer, cause: cause) { machine in
      ((), machine.record(token, verdict, retryAfter: retryAfter, at: now, draw: draw))
    }
  }

  /// Takes the token of a call that never came to a result.
  @usableFromInline
  @inline(never)
  func abandon(_ token: CircuitBreakerToken) {
    guard !token.word.admitsFreely else { return }
    operate(at: .distantPast) { machine in (machine.abandon(token), []) }
  }
}

// MARK: - Timed calls

// Most calls begin and succeed within one slice of time, which is an eighth of the threshold: both are an
// exchange of the word. The word says which slice, so that the bounds read after it are those of it, or the
// exchange fails.
extension CircuitBreaker {
  @inline(__always)
  private func enterSlice(at now: Instant) -> CircuitBreakerToken? {
    var present = word.load(ordering: .acquiring)
    while let next = present.enteringTimed() {
      guard isInSlice(now) else { return nil }
      let (exchanged, original) = word.weakCompareExchange(
        expected: present, desired: next, ordering: .acquiringAndReleasing)
      if exchanged { return CircuitBreakerToken(word: present, start: now) }
      present = original
    }
    return nil
  }

  @inline(__always)
  private func leaveSlice(_ token: CircuitBreakerToken, at now: Instant) -> Bool {
    var present = word.load(ordering: .acquiring)
    while let next = present.leavingTimed(ofCallAdmittedAs: token.word) {
      guard isInSlice(token.start), isInSlice(now) else { return false }
      let (exchanged, original) = word.weakCompareExchange(
        expected: present, desired: next, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      present = original
    }
    return false
  }

  @inline(__always)
  private func isInSlice(_ instant: Instant) -> Bool {
    sliceBegin.load(ordering: .relaxed) <= instant.nanoseconds
      && instant.nanoseconds < sliceEnd.load(ordering: .relaxed)
  }

  private func admitTimed(at now: Instant) -> CircuitBreakerToken? {
    machine.withLock { machine in
      takeWord(&machine)
      let start = machine.admitTimed(at: now)
      publishWord(of: machine)
      return start.map { CircuitBreakerToken(word: machine.word, start: $0) }
    }
  }
}

// MARK: - Under the lock

extension CircuitBreaker {
  /// Successes from here on have to wait for the lock: those before were before this, those after come after.
  @inline(__always)
  private func takeWord(_ machine: inout CircuitBreakerStateMachine) {
    machine.count(
      pendingIn: word.exchange(word.load(ordering: .relaxed).asking, ordering: .acquiringAndReleasing))
  }

  @inline(__always)
  private func publishWord(of machine: borrowing CircuitBreakerStateMachine) {
    if let slice = machine.presentSlice {
      sliceBegin.store(slice.begin, ordering: .relaxed)
      sliceEnd.store(slice.end, ordering: .relaxed)
    }
    word.store(machine.word, ordering: .releasing)
  }

  /// Operates the machine, then publishes and reports what changed.
  func operate<Answer: Sendable>(
    at now: Instant, observer: CallContext? = nil, cause: FailureCause = .none,
    _ operation: (inout CircuitBreakerStateMachine) -> (Answer, [CircuitBreakerEvent.Kind])
  ) -> Answer {
    let (answer, changes, dropped) = machine.withLock { machine in
      takeWord(&machine)
      let generation = machine.generation
      let (answer, changes) = operation(&machine)
      let isNew = machine.generation != generation
      let dropped = isNew ? refuse(&machine, closed: changes.contains(.closed), cause) : nil
      publishWord(of: machine)
      for kind in changes {
        eventQueue?.enqueue(CircuitBreakerEvent(breaker: name, kind: kind, instant: now))
      }
      return (answer, changes, dropped)
    }
    _ = consume dropped
    guard !changes.isEmpty else { return answer }
    eventQueue?.drain()
    for kind in changes {
      observer?.emit(CircuitBreakerEvent(breaker: name, kind: kind, instant: now))
    }
    return answer
  }

  /// Makes what a state that rejects answers with.
  ///
  /// - Parameter closed: Whether it was closed since the state before.
  /// - Returns: What the state before answered with, to be released outside the lock.
  private func refuse(
    _ machine: inout CircuitBreakerStateMachine, closed: Bool, _ cause: FailureCause
  ) -> BreakerRefusal? {
    openUntil.store(machine.openUntil.nanoseconds, ordering: .relaxed)
    guard let (reason, retryAt) = machine.refusalReason else { return machine.replaceRefusal(nil) }
    let before = closed || reason == .forced ? nil : machine.refusal
    let failure = reason == .open ? cause.error ?? before?.lastFailure : before?.lastFailure
    let count = before?.count ?? RefusalCount(before: rejections.load(ordering: .relaxed))
    let error = CircuitOpen(name, reason, retryAt: retryAt, failure, count)
    return machine.replaceRefusal(BreakerRefusal(error: error, lastFailure: failure, count: count))
  }
}

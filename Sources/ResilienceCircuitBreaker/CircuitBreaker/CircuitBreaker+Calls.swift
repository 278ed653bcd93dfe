public import ResilienceCore
public import Synchronization

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
    let word = CircuitBreakerWord(rawValue: mirror.load(ordering: .acquiring))
    if word.admitsFreely {
      return .admitted(CircuitBreakerPermit(breaker: self, token: CircuitBreakerToken(word: word)))
    }
    if word.isOpen, let retryAt = rejectWhileOpen(at: now) { return .rejected(retryAt: retryAt) }
    return admitOtherwise(at: now)
  }

  @usableFromInline
  @inline(never)
  func admitOtherwise(at now: Instant) -> CircuitBreakerAdmission {
    if let token = admitQuickly(at: now) {
      return .admitted(CircuitBreakerPermit(breaker: self, token: token))
    }
    switch ask(at: now, CallContext.current, isObserved: false) {
    case .admitted(let token): return .admitted(CircuitBreakerPermit(breaker: self, token: token))
    case .rejected(let retryAt): return .rejected(retryAt: retryAt)
    }
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

  private func ask(
    at now: Instant, _ context: CallContext, isObserved: Bool
  ) -> CircuitBreakerStateMachine.Decision {
    let draw = context.random()
    let decision = operate(at: now, observer: isObserved ? context : nil) { machine in
      machine.admit(at: now, draw: draw)
    }
    if case .rejected = decision { rejections.wrappingAdd(1, ordering: .relaxed) }
    return decision
  }
}

// MARK: - What the decorator and `run` call

extension CircuitBreaker {
  /// Lets a call in, or throws the rejection.
  @inlinable
  @inline(__always)
  func enter(_ context: CallContext) throws -> CircuitBreakerToken {
    let word = CircuitBreakerWord(rawValue: mirror.load(ordering: .acquiring))
    return word.admitsFreely ? CircuitBreakerToken(word: word) : try enterOtherwise(word, context)
  }

  @usableFromInline
  @inline(never)
  func enterOtherwise(_ word: CircuitBreakerWord, _ context: CallContext) throws -> CircuitBreakerToken {
    var known = context
    let now = known.now
    let retryAt: Instant?
    if word.isOpen, let until = rejectWhileOpen(at: now) {
      retryAt = until
    } else {
      if let token = admitQuickly(at: now) { return token }
      switch ask(at: now, context, isObserved: true) {
      case .admitted(let token): return token
      case .rejected(let instant): retryAt = instant
      }
    }
    context.emit(CircuitBreakerEvent(breaker: name, kind: .rejected(retryAt: retryAt), instant: now))
    throw refusal() ?? CircuitOpen(breaker: name, retryAt: retryAt)
  }

  /// Takes the token of a call that returned, if that is all there is to do.
  @inlinable
  @inline(__always)
  func leavesHarmlessly(_ token: CircuitBreakerToken, _ verdict: Verdict) -> Bool {
    guard verdict == .success else { return false }
    var raw = mirror.load(ordering: .relaxed)
    while let next = CircuitBreakerWord(rawValue: raw).addingSuccess(ofCallAdmittedAs: token.word) {
      let (exchanged, original) = mirror.weakCompareExchange(
        expected: raw, desired: next.rawValue, ordering: .relaxed)
      if exchanged { return true }
      raw = original
    }
    return false
  }

  /// Takes the token of a call that returned.
  @usableFromInline
  @inline(never)
  func leave(_ token: CircuitBreakerToken, _ outcome: Outcome, _ context: CallContext) {
    let now = context.readClock()
    if outcome.verdict == .success, recordQuickly(token, at: now) { return }
    record(token, outcome.verdict, outcome.pushback, at: now, context, isObserved: true)
  }

  /// Takes the token of a call that threw.
  @usableFromInline
  @inline(never)
  func leaveUnlessHarmless(_ token: CircuitBreakerToken, _ outcome: Outcome, _ context: CallContext) {
    if !leavesHarmlessly(token, outcome.verdict) { leave(token, outcome, context) }
  }

  @usableFromInline
  @inline(never)
  func finish(_ token: CircuitBreakerToken, _ verdict: Verdict, _ pushback: Pushback, at now: Instant) {
    if verdict == .success, recordQuickly(token, at: now) { return }
    record(token, verdict, pushback, at: now, CallContext.current, isObserved: false)
  }

  private func record(
    _ token: CircuitBreakerToken, _ verdict: Verdict, _ pushback: Pushback, at now: Instant,
    _ context: CallContext, isObserved: Bool
  ) {
    let draw = verdict == .failure ? context.random() : 0
    let retryAfter = pushback.retryAfter?.clampedNanoseconds ?? 0
    operate(at: now, observer: isObserved ? context : nil) { machine in
      ((), machine.record(token, verdict, retryAfter: retryAfter, at: now, draw: draw))
    }
  }

  @usableFromInline
  @inline(never)
  func abandon(_ token: CircuitBreakerToken) {
    guard !token.word.admitsFreely else { return }
    abandonUnderLock(token)
  }
}

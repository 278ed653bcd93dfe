public import ResilienceCore
public import Synchronization

/// Stops calling a destination that fails, and finds out when it is back.
///
/// A destination that is down is not helped by more calls, and its callers are not helped by waiting for it. The breaker counts
/// the latest results; when too many failed it opens and rejects calls at once. After a while it is half-open: a few
/// calls pass as probes, and decide.
///
/// ```swift
/// let breaker = CircuitBreaker("payment", policy: CircuitBreakerPolicy(openTime: .seconds(2)))
///
/// let charge = ServiceCall("payment") { (order: Order) in try await client.charge(order) }
///   .circuitBreaker(breaker)                              // as a decorator
///
/// let receipt = try await breaker.run { try await client.charge(order) }   // inline
/// ```
///
/// One breaker belongs to one destination (one instance, one shard), and is shared by everything that calls it. There
/// is no timer: the breaker changes with the next call, result or reading after the time has come, and ``state(at:)`` always
/// tells what it is by then.
public final class CircuitBreaker: Sendable {
  /// Names the destination, in errors, events and metrics.
  public let name: String

  // Generation and phase of `machine`, so that a closed breaker admits with one load. It may lag behind:
  // results are checked against the machine.
  @usableFromInline let mirror: Atomic<UInt64>
  private let openUntil = Atomic<Int64>(.min)
  private let rejections = Atomic<Int>(0)
  private let guarded: Lock<Guarded>
  private let outbox: EventOutbox<CircuitBreakerEvent>?

  private struct Guarded: ~Copyable, Sendable {
    var machine: CircuitBreakerStateMachine
    // Boxed once for each opening, so that a rejection allocates nothing.
    var rejection: any Error
  }

  /// Creates a closed breaker.
  ///
  /// - Parameters:
  ///   - name: Names the destination, in errors, events and metrics.
  ///   - policy: When it opens, for how long, and what closes it again.
  ///   - onEvent: Is told of every change of state, expired probe and stale result: synchronously, in order, after the
  ///     breaker's lock is released. It must be quick. Single rejections are told to the call's observer only.
  public init(
    _ name: String, policy: CircuitBreakerPolicy = CircuitBreakerPolicy(),
    onEvent: (@Sendable (CircuitBreakerEvent) -> Void)? = nil
  ) {
    self.name = name
    mirror = Atomic(Mirrored.word(generation: 0, .closed))
    guarded = Lock(
      Guarded(
        machine: CircuitBreakerStateMachine(policy), rejection: CircuitOpen(breaker: name, retryAt: nil)))
    outbox = onEvent.map { EventOutbox($0) }
  }

  /// Asks for one call.
  ///
  /// - Parameter now: The present instant.
  /// - Returns: A permit, to be finished after the call; or the rejection.
  public func admit(at now: Instant) -> CircuitBreakerAdmission {
    if let token = admitClosed() { return .admitted(CircuitBreakerPermit(breaker: self, token: token)) }
    switch admitOtherwise(at: now, observer: nil) {
    case .admitted(let token): return .admitted(CircuitBreakerPermit(breaker: self, token: token))
    case .rejected(let retryAt): return .rejected(CircuitOpen(breaker: name, retryAt: retryAt))
    }
  }

  /// What the breaker is at `now`; makes, and reports, the changes that are due.
  public func state(at now: Instant) -> CircuitBreakerState {
    update(at: now, observer: nil) { machine in
      let changes = machine.advance(to: now)
      return (machine.state, changes)
    }
  }

  /// What the breaker knows, at the present instant of the ambient clock.
  public func snapshot() -> CircuitBreakerSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the breaker knows at `now`; makes, and reports, the changes that are due.
  public func snapshot(at now: Instant) -> CircuitBreakerSnapshot {
    update(at: now, observer: nil) { machine in
      let changes = machine.advance(to: now)
      let snapshot = CircuitBreakerSnapshot(
        name: name, state: machine.state, windowCalls: machine.windowCalls,
        windowFailures: machine.windowFailures, failureRate: machine.windowFailureRate,
        probesRunning: machine.probesRunning, successes: machine.totals.successes,
        failures: machine.totals.failures, rejections: rejections.load(ordering: .relaxed),
        openings: machine.totals.openings, staleResults: machine.totals.staleResults,
        timeOpen: .nanoseconds(machine.openNanoseconds(at: now)))
      return (snapshot, changes)
    }
  }
}

// MARK: - What the decorator and the permits call

extension CircuitBreaker {
  /// Lets a call in while closed, with one load.
  @inlinable
  @inline(__always)
  func admitClosed() -> CircuitBreakerToken? {
    let word = mirror.load(ordering: .acquiring)
    guard Mirrored.phase(word) == Mirrored.closed else { return nil }
    return CircuitBreakerToken(generation: Mirrored.generation(word), probe: 0)
  }

  /// Lets a call in, or throws the rejection.
  @inlinable
  @inline(__always)
  func enter(_ context: CallContext) throws -> CircuitBreakerToken {
    if let token = admitClosed() { return token }
    return try enterOtherwise(context)
  }

  @usableFromInline
  @inline(never)
  func enterOtherwise(_ context: CallContext) throws -> CircuitBreakerToken {
    var known = context
    let now = known.now
    switch admitOtherwise(at: now, observer: context) {
    case .admitted(let token):
      return token
    case .rejected(let retryAt):
      context.emit(
        CircuitBreakerEvent(breaker: name, kind: .rejected(retryAt: retryAt), instant: now))
      throw guarded.withLock { $0.rejection }
    }
  }

  /// Takes the token of a call that returned.
  @usableFromInline
  @inline(never)
  func leave(_ token: CircuitBreakerToken, _ verdict: Verdict, _ context: CallContext) {
    if !countsHarmlessly(token, verdict) { leaveDecisively(token, verdict, context) }
  }

  /// Takes the token of a call that threw.
  ///
  /// A client that is cancelled may throw any error; it says nothing about the destination. Unless its time was up: then it
  /// was a timeout outside that cancelled it, and the destination was too slow.
  @usableFromInline
  @inline(never)
  func leaveThrowing(
    _ token: CircuitBreakerToken, _ verdict: Verdict, _ error: any Error, _ context: CallContext
  ) {
    guard Task.isCancelled, verdict == .failure || error is CancellationError else {
      return leave(token, verdict, context)
    }
    let isTimeUp = context.deadline.hasPassed(at: context.readClock())
    leave(token, isTimeUp ? .failure : .neutral, context)
  }

  func record(_ token: CircuitBreakerToken, _ verdict: Verdict, at now: Instant) {
    guard !countsHarmlessly(token, verdict) else { return }
    recordDecisively(token, verdict, at: now, observer: nil)
  }

  @inline(__always)
  private func countsHarmlessly(_ token: CircuitBreakerToken, _ verdict: Verdict) -> Bool {
    guard verdict == .success, token.probe == 0 else { return false }
    return guarded.withLock { $0.machine.recordHarmlessSuccess(generation: token.generation) }
  }

  @inline(never)
  private func leaveDecisively(_ token: CircuitBreakerToken, _ verdict: Verdict, _ context: CallContext) {
    recordDecisively(token, verdict, at: context.readClock(), observer: context)
  }

  @inline(never)
  private func recordDecisively(
    _ token: CircuitBreakerToken, _ verdict: Verdict, at now: Instant, observer: CallContext?
  ) {
    update(at: now, observer: observer) { machine in ((), machine.record(token, verdict, at: now)) }
  }

  func abandon(_ token: CircuitBreakerToken) {
    guard token.probe != 0 else { return }
    guarded.withLock { $0.machine.abandon(token) }
  }
}

// MARK: - Under the lock

extension CircuitBreaker {
  private func admitOtherwise(
    at now: Instant, observer: CallContext?
  ) -> CircuitBreakerStateMachine.Decision {
    var decision: CircuitBreakerStateMachine.Decision
    let openUntil = Instant(nanoseconds: openUntil.load(ordering: .relaxed))
    if Mirrored.phase(mirror.load(ordering: .acquiring)) == Mirrored.open, now < openUntil {
      decision = .rejected(retryAt: openUntil)
    } else {
      decision = update(at: now, observer: observer) { machine in machine.admit(at: now) }
    }
    if case .rejected = decision { rejections.wrappingAdd(1, ordering: .relaxed) }
    return decision
  }

  /// Operates the machine, then publishes and reports what changed.
  private func update<Answer: Sendable>(
    at now: Instant, observer: CallContext?,
    _ operation: (inout CircuitBreakerStateMachine) -> (Answer, [CircuitBreakerEvent.Kind])
  ) -> Answer {
    let (answer, changes) = guarded.withLock { guarded in
      let (answer, changes) = operation(&guarded.machine)
      if !changes.isEmpty { publish(changes, of: &guarded, at: now) }
      return (answer, changes)
    }
    guard !changes.isEmpty else { return answer }
    outbox?.drain()
    for kind in changes {
      observer?.emit(CircuitBreakerEvent(breaker: name, kind: kind, instant: now))
    }
    return answer
  }

  private func publish(_ changes: [CircuitBreakerEvent.Kind], of guarded: inout Guarded, at now: Instant) {
    let until = guarded.machine.openUntil
    if openUntil.load(ordering: .relaxed) != until.nanoseconds {
      openUntil.store(until.nanoseconds, ordering: .relaxed)
      guarded.rejection = CircuitOpen(breaker: name, retryAt: until)
    }
    let word = Mirrored.word(generation: guarded.machine.generation, guarded.machine.state)
    mirror.store(word, ordering: .releasing)
    for kind in changes {
      outbox?.enqueue(CircuitBreakerEvent(breaker: name, kind: kind, instant: now))
    }
  }
}

/// A generation and a phase in one word.
@usableFromInline
enum Mirrored {
  @inlinable static var closed: UInt64 { 0 }
  static var open: UInt64 { 1 }
  static var halfOpen: UInt64 { 2 }

  static func word(generation: UInt64, _ state: CircuitBreakerState) -> UInt64 {
    switch state {
    case .closed: generation << 2 | closed
    case .open: generation << 2 | open
    case .halfOpen: generation << 2 | halfOpen
    }
  }

  @inlinable
  static func phase(_ word: UInt64) -> UInt64 { word & 3 }

  @inlinable
  static func generation(_ word: UInt64) -> UInt64 { word >> 2 }
}

public import ResilienceCore
public import Synchronization

/// Stops calling a destination that fails, and finds out when it is back.
///
/// A destination that is down is not helped by more calls, and its callers are not helped by waiting for it.
/// The breaker counts the latest results; when too many failed, or were slow, it opens and rejects calls at
/// once. After a while it is half-open: a few calls pass as probes, and decide.
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
/// One breaker belongs to one destination (one instance, one shard), and is shared by everything that calls
/// it; see ``CircuitBreakers`` for many. There is no timer: the breaker changes with the next call, result or
/// reading after the time has come, and ``state(at:)`` always tells what it is by then.
public final class CircuitBreaker: Sendable {
  /// Names the destination, in errors, events and metrics; empty when unnamed.
  public let name: String

  // What `machine` is, and the successes that it was not told of yet: a closed breaker admits with one load,
  // and counts a success with one exchange.
  @usableFromInline let mirror: Atomic<UInt64>
  @usableFromInline let openUntil = Atomic<Int64>(.min)
  @usableFromInline let rejections = Atomic<Int>(0)
  private let eventQueue: EventQueue<CircuitBreakerEvent>?
  private let machine: Lock<CircuitBreakerStateMachine>
  // When it was last asked for, as ``CircuitBreakers`` counts time; here, it takes no memory.
  let lastAsked = Atomic<UInt32>(0)

  /// Creates a closed breaker.
  ///
  /// - Parameters:
  ///   - name: Names the destination, in errors, events and metrics; empty when unnamed.
  ///   - policy: When it opens, for how long, and what closes it again.
  ///   - onEvent: Is told of every change of state, expired probe and stale result: synchronously, in order,
  ///     after the breaker's lock is released. It must be quick. Single rejections are told to the call's
  ///     observer only.
  public convenience init(
    _ name: String, policy: CircuitBreakerPolicy = CircuitBreakerPolicy(),
    onEvent: (@Sendable (CircuitBreakerEvent) -> Void)? = nil
  ) {
    self.init(name, rules: .of(policy), eventQueue: onEvent.map { EventQueue($0) })
  }

  init(_ name: String, rules: CircuitBreakerRules, eventQueue: EventQueue<CircuitBreakerEvent>?) {
    self.name = name
    self.eventQueue = eventQueue
    let machine = CircuitBreakerStateMachine(rules)
    mirror = Atomic(machine.word.rawValue)
    self.machine = Lock(machine)
  }
}

// MARK: - Reading

extension CircuitBreaker {
  /// When it opens, for how long, and what closes it again.
  public var policy: CircuitBreakerPolicy { machine.withLock { $0.rules }.policy }

  /// What the breaker is at `now`; makes, and reports, the changes that are due.
  public func state(at now: Instant) -> CircuitBreakerState {
    operate(at: now) { machine in
      let changes = machine.advance(to: now)
      return (machine.state, changes)
    }
  }

  /// What the breaker knows, at the present instant of the current context's clock.
  public func snapshot() -> CircuitBreakerSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the breaker knows at `now`; makes, and reports, the changes that are due.
  public func snapshot(at now: Instant) -> CircuitBreakerSnapshot {
    operate(at: now) { machine in
      let changes = machine.advance(to: now)
      machine.forget(by: now)
      let counters = machine.counters(at: now)
      let snapshot = CircuitBreakerSnapshot(
        name: name, state: machine.state, admittedShare: machine.share(at: now),
        windowCalls: machine.windowCalls, windowFailures: machine.windowFailures,
        windowSlowCalls: machine.windowSlow, failureRate: machine.windowFailureRate,
        overdueCalls: machine.overdueCalls, slowCallRate: machine.slowCallRate,
        consecutiveFailures: counters.consecutiveFailures, probesRunning: machine.probesRunning,
        successes: counters.successes, failures: counters.failures, slowCalls: counters.slowCalls,
        rejections: rejections.load(ordering: .relaxed), openings: counters.openings,
        reopenings: counters.reopenings, staleResults: counters.staleResults,
        timeOpen: .nanoseconds(counters.openNanoseconds))
      return (snapshot, changes)
    }
  }
}

// MARK: - By hand

extension CircuitBreaker {
  /// Tells the breaker what to be, or, with `nil`, to begin anew: closed, with an empty window.
  ///
  /// Results of calls that were admitted before are stale. Holds until the next time it is told.
  public func set(_ override: CircuitBreakerOverride?) {
    set(override, at: CallContext.current.readClock())
  }

  /// Tells the breaker what to be; see ``set(_:)``.
  public func set(_ override: CircuitBreakerOverride?, at now: Instant) {
    operate(at: now) { machine in ((), machine.set(override, at: now)) }
  }

  /// Goes on by another policy.
  ///
  /// The state, and the instant at which it ends, stay; the next opening is by the new policy. A count window
  /// keeps the latest results that fit, with their ages; a window of another kind starts empty, and failures
  /// in a row begin anew. When slow calls are defined otherwise, results of the calls under way are stale.
  public func update(_ policy: CircuitBreakerPolicy) {
    update(CircuitBreakerRules(policy))
  }

  func update(_ rules: CircuitBreakerRules) {
    operateTimelessly { $0.update(rules) }
  }

  /// Whether the breaker does what it was told by hand.
  var isOverridden: Bool {
    switch CircuitBreakerWord(rawValue: mirror.load(ordering: .acquiring)).mode {
    case .forcedOpen, .disabled, .metricsOnly: true
    case .closed, .open, .halfOpen, .recovering: false
    }
  }
}

// MARK: - Under the lock

extension CircuitBreaker {
  /// The rejection of the present state, boxed once for it.
  func refusal() -> (any Error)? { machine.withLock { $0.refusal } }

  /// Lets a timed call in, if that is all there is to do.
  @inline(__always)
  func admitQuickly(at now: Instant) -> CircuitBreakerToken? {
    machine.withLock { machine in
      guard let detail = machine.admitQuickly(at: now) else { return nil }
      // Where calls are timed no success is counted in the word: it changes with the lock held only.
      let word = CircuitBreakerWord(rawValue: mirror.load(ordering: .relaxed))
      return CircuitBreakerToken(word: word, detail: detail)
    }
  }

  /// Takes a success that is to be counted with its time, if that is all there is to do.
  @inline(__always)
  func recordQuickly(_ token: CircuitBreakerToken, at now: Instant) -> Bool {
    machine.withLock { machine in
      machine.rules.needsTimeOfResults && machine.recordQuickly(token, at: now)
    }
  }

  func abandonUnderLock(_ token: CircuitBreakerToken) {
    operateTimelessly { $0.abandon(token) }
  }

  /// Operates the machine, then publishes and reports what changed.
  func operate<Answer: Sendable>(
    at now: Instant, observer: CallContext? = nil,
    _ operation: (inout CircuitBreakerStateMachine) -> (Answer, [CircuitBreakerEvent.Kind])
  ) -> Answer {
    let (answer, changes) = machine.withLock { machine in
      // Successes from here on have to wait for the lock: those before were before this, those after come
      // after.
      let word = CircuitBreakerWord(rawValue: mirror.load(ordering: .relaxed)).asking
      let before = CircuitBreakerWord(rawValue: mirror.exchange(word.rawValue, ordering: .acquiring))
      machine.count(successes: before.pendingSuccesses)
      let generation = machine.generation
      let (answer, changes) = operation(&machine)
      if machine.generation != generation { refuse(&machine) }
      mirror.store(machine.word.rawValue, ordering: .releasing)
      for kind in changes {
        eventQueue?.enqueue(CircuitBreakerEvent(breaker: name, kind: kind, instant: now))
      }
      return (answer, changes)
    }
    guard !changes.isEmpty else { return answer }
    eventQueue?.drain()
    for kind in changes {
      observer?.emit(CircuitBreakerEvent(breaker: name, kind: kind, instant: now))
    }
    return answer
  }

  /// Operates the machine without reaching any change of state.
  private func operateTimelessly(_ operation: (inout CircuitBreakerStateMachine) -> Void) {
    operate(at: Instant(nanoseconds: .min)) { machine in
      operation(&machine)
      return ((), [])
    }
  }

  /// Makes what a state that rejects answers with.
  private func refuse(_ machine: inout CircuitBreakerStateMachine) {
    switch machine.state {
    case .open(let until): machine.refusal = CircuitOpen(breaker: name, retryAt: until)
    case .halfOpen:
      machine.refusal = CircuitOpen(breaker: name, reason: .probing, retryAt: machine.openUntil)
    case .recovering: machine.refusal = CircuitOpen(breaker: name, reason: .recovering, retryAt: nil)
    case .forcedOpen: machine.refusal = CircuitOpen(breaker: name, reason: .forced, retryAt: nil)
    case .closed, .disabled, .metricsOnly: break
    }
    openUntil.store(machine.openUntil.nanoseconds, ordering: .relaxed)
  }
}

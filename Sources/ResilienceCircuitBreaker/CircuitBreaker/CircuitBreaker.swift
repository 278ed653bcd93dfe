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
  @usableFromInline let word: Atomic<CircuitBreakerWord>
  @usableFromInline let openUntil = Atomic<Int64>(Instant.distantPast.nanoseconds)
  @usableFromInline let rejections = Atomic<Int>(0)
  // When a call must begin, and succeed, to be counted in the word while that is timed.
  let sliceBegin = Atomic<Int64>(0)
  let sliceEnd = Atomic<Int64>(0)
  let eventQueue: EventQueue<CircuitBreakerEvent>?
  let machine: Lock<CircuitBreakerStateMachine>
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
    word = Atomic(machine.word)
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
      let snapshot = CircuitBreakerSnapshot(
        name: name, state: machine.state, admittedShare: machine.share(at: now),
        windowCalls: machine.windowCalls, windowFailures: machine.windowFailures,
        windowSlowCalls: machine.windowSlow, failureRate: machine.windowFailureRate,
        overdueCalls: machine.overdueCalls, slowCallRate: machine.slowCallRate,
        consecutiveFailures: machine.consecutiveFailures, probesRunning: machine.probesRunning,
        successes: machine.successes, failures: machine.failures, slowCalls: machine.slowCalls,
        rejections: rejections.load(ordering: .relaxed), openings: machine.openings,
        reopenings: machine.reopenings, staleResults: machine.staleResults,
        timeOpen: .nanoseconds(machine.openNanoseconds(at: now)))
      return (snapshot, changes)
    }
  }
}

// MARK: - By hand

extension CircuitBreaker {
  /// Tells the breaker what to be, or, with `nil`, to begin anew: closed, with an empty window.
  ///
  /// Results of calls that were admitted before are stale. Holds until the next time it is told, or, for
  /// ``CircuitBreakerOverride/open(for:)`` and ``CircuitBreakerOverride/halfOpen``, until the breaker goes on
  /// by itself.
  public func set(_ override: CircuitBreakerOverride?) {
    set(override, at: CallContext.current.readClock())
  }

  /// Tells the breaker what to be; see ``set(_:)``.
  public func set(_ override: CircuitBreakerOverride?, at now: Instant) {
    operate(at: now) { machine in ((), machine.set(override, at: now)) }
  }

  /// Goes on by another policy.
  ///
  /// The state stays. An open breaker ends when it would, had it opened by the new policy: sooner or later,
  /// or at once. The end of a ramp stays. A count window keeps the latest results that fit, with their
  /// ages; a window of another kind starts empty, and failures in a row begin anew. When slow calls are
  /// defined otherwise, results of the calls under way are stale.
  public func update(_ policy: CircuitBreakerPolicy) {
    update(CircuitBreakerRules(policy))
  }

  func update(_ rules: CircuitBreakerRules) {
    operate(at: .distantPast) { machine in (machine.update(rules), []) }
  }

  /// Whether the breaker does what it was told by hand.
  var isOverridden: Bool {
    switch word.load(ordering: .acquiring).mode {
    case .forcedOpen, .disabled, .metricsOnly: true
    case .closed, .open, .halfOpen, .recovering: false
    }
  }
}

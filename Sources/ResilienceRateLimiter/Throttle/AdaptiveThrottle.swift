public import ResilienceCore

/// Holds calls back on the client's side when their destination refuses too many: it is sent at most twice
/// what it accepts.
///
/// A destination that is overloaded spends its time on saying so. Each client can tell by itself, without a
/// word from anybody, and lets calls fail at home with the probability that brings it down to `multiplier`
/// times what is accepted:
///
///     max(0, (attempts − probes − multiplier · accepts) / (attempts + 1))
///
/// over the last two minutes: the formula of Google's SRE book ("Handling Overload"), plus
/// ``AdaptiveThrottlePolicy/probes``. A call counts when it is attempted, so that those in flight to a
/// destination that hangs are seen, and also if it is held back. It never starves itself: the probability
/// stays below 1, and besides what is accepted the probes of a window go through, spread evenly over it.
///
/// The formula alone goes on holding calls back for two minutes after an outage. So each call in a row that
/// is accepted lets more through, in proportion, until what was refused before is forgotten: after so many as
/// a destination that accepts the share that was accepted before shows by chance once in a hundred times.
/// That is one after a time in which nothing was accepted, and seven where every other call was, if then
/// nothing is refused for a second.
///
/// ```swift
/// let throttle = AdaptiveThrottle("payment")
///
/// let charge = ServiceCall { (order: Order) in try await payments.charge(order) }
///   .throttle(throttle)                                       // as a decorator
/// try await throttle.run { try await payments.charge(order) }  // inline
/// ```
public final class AdaptiveThrottle: Sendable {
  /// Names the destination, in errors, events and metrics; empty when unnamed.
  public let name: String

  private struct State: Sendable {
    var policy: AdaptiveThrottlePolicy
    var window: AttemptWindow
    var rejected = 0
    var healing: ThrottleHealing
    /// The latest call that was made although calls were held back.
    var lastProbe = Instant.distantPast

    init(_ policy: AdaptiveThrottlePolicy) {
      self.policy = policy
      window = AttemptWindow(nanoseconds: policy.window.clampedNanoseconds)
      healing = ThrottleHealing(policy)
    }

    /// Of a call, given the calls before it.
    func probability(earlier counted: Int64) -> Double {
      let attempts = Double(window.attempts - counted)
      let surplus = attempts - Double(policy.probes) - policy.multiplier * Double(window.accepts)
      return max(0, surplus / (attempts + 1))
    }

    /// What is left of a probability: nothing for a probe, nor when the destination is well, whose refusals
    /// are forgotten.
    mutating func healed(_ probability: Double, at now: Instant) -> Double {
      let share = healing.share(at: now)
      if share == 1 {
        window.forgetRefusals()
        return 0
      }
      if let interval = policy.probeNanoseconds, lastProbe.nanoseconds(to: now) >= interval {
        lastProbe = now
        return 0
      }
      return probability * (1 - share)
    }
  }

  private let state: Lock<State>
  private let eventQueue: EventQueue<ThrottleEvent>?

  /// Creates a throttle that has not seen any calls.
  ///
  /// - Parameters:
  ///   - name: Names the destination, in errors, events and metrics; empty when unnamed.
  ///   - policy: When calls are held back. Default: at twice what is accepted, over two minutes.
  ///   - onEvent: Is told of every call that is held back, synchronously, after the lock is released. It must
  ///     be quick.
  public init(
    _ name: String, policy: AdaptiveThrottlePolicy = AdaptiveThrottlePolicy(),
    onEvent: (@Sendable (ThrottleEvent) -> Void)? = nil
  ) {
    self.name = name
    state = Lock(State(policy))
    eventQueue = onEvent.map { EventQueue($0) }
  }

  /// Counts a call and decides whether it is made.
  ///
  /// - Parameters:
  ///   - now: The present instant. One that lies in the past counts as the latest known.
  ///   - draw: 64 random bits; not asked for while nothing is held back.
  /// - Returns: The permit to report the call's end with, or how probable it was that the call would be held
  ///   back.
  public func admit(at now: Instant, draw: @autoclosure () -> UInt64) -> ThrottleDecision {
    let (step, probability) = state.withLock { state in
      let step = state.window.attempt(at: now)
      let probability = state.probability(earlier: 1)
      return (step, probability > 0 ? state.healed(probability, at: now) : 0)
    }
    guard probability > 0, draw().unitInterval < probability else {
      if probability > 0 { state.withLock { $0.lastProbe = now } }
      return .admitted(ThrottlePermit(step: step))
    }
    state.withLock { state in
      state.rejected += 1
      eventQueue?.enqueue(event(probability, at: now))
    }
    eventQueue?.drain()
    return .rejected(probability: probability)
  }

  /// Reports what came of a call that was made.
  ///
  /// Of a call whose end is never reported it is thought that it was not accepted.
  ///
  /// - Parameters:
  ///   - outcome: A neutral one (the caller cancelled, a layer inside refused) is as if the call had not been
  ///     attempted.
  ///   - permit: The call's permit; report it once.
  public func record(_ outcome: Outcome, of permit: ThrottlePermit) {
    let (isOverloaded, isFailure) = (outcome.pushback.overloaded, outcome.verdict == .failure)
    state.withLock { state in
      if outcome.verdict == .neutral {
        state.window.forget(attemptIn: permit.step)
      } else if isOverloaded || (isFailure && state.policy.refusals == .failures) {
        state.window.refuse()
        state.healing.noteRefusal()
      } else {
        state.window.accept()
        state.healing.noteAcceptance(accepts: state.window.accepts, refusals: state.window.refusals)
      }
    }
  }

  /// When calls are held back; ``update(_:)`` changes it.
  public var policy: AdaptiveThrottlePolicy { state.withLock { $0.policy } }

  /// Has another policy hold from now on.
  ///
  /// What was counted stays; with another ``AdaptiveThrottlePolicy/window`` counting begins anew, and holds
  /// nothing back until then.
  public func update(_ policy: AdaptiveThrottlePolicy) {
    state.withLock { state in
      if policy.window == state.policy.window {
        state.policy = policy
      } else {
        let rejected = state.rejected
        state = State(policy)
        state.rejected = rejected
      }
    }
  }

  /// What the throttle knows, at the present instant of the current context's clock.
  public func snapshot() -> ThrottleSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the throttle knows at `now`.
  public func snapshot(at now: Instant) -> ThrottleSnapshot {
    state.withLock { state in
      state.window.advance(to: now)
      return ThrottleSnapshot(
        name: name, attempts: Int(state.window.attempts), accepts: Int(state.window.accepts),
        rejectionProbability: state.probability(earlier: 0)
          * (1 - state.healing.share(at: now)), rejected: state.rejected)
    }
  }
}

// MARK: - What the decorator calls

extension AdaptiveThrottle {
  @usableFromInline
  @inline(never)
  func enter(_ context: inout CallContext) throws -> ThrottlePermit {
    let now = context.now
    switch admit(at: now, draw: context.random()) {
    case .admitted(let permit):
      return permit
    case .rejected(let probability):
      context.emit(event(probability, at: now))
      throw Throttled(throttle: name, rejectionProbability: probability)
    }
  }

  private func event(_ probability: Double, at now: Instant) -> ThrottleEvent {
    ThrottleEvent(throttle: name, rejectionProbability: probability, instant: now)
  }
}

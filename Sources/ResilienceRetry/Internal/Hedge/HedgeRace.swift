public import ResilienceCore
internal import Synchronization

/// One hedged call: its attempts report here how they ended, and its caller waits here for what is to be
/// done.
///
/// Nothing here knows the type of the result, so that it is compiled once.
@usableFromInline
final class HedgeRace: Sendable {
  private struct State {
    var machine: HedgeStateMachine
    /// The caller's, while it waits.
    var waiter: Waiter?
    var mustDeposit: Bool
    /// Whether the next attempt is to follow a failure, which the budget is not told of before.
    var isRepeating = false
    /// The attempts that followed a failure.
    var repeats: AttemptSet = []
  }

  private enum Step {
    case begin(attempt: Int)
    case refused(attempt: Int)
    case wait(Waiter, until: Instant?)
    case end
  }

  private let hedger: Hedger
  private let call: CallContext
  private let name: String
  private let maxAttempts: Int
  private let start: Instant
  private let state: Lock<State>

  @usableFromInline
  init(_ hedger: Hedger, _ context: CallContext, _ traits: CallTraits) {
    var call = context
    // Only the outermost of nested retries and hedges deposits.
    let isOutermost = call.isUnclaimed
    call.drawCallID()
    start = call.now
    self.hedger = hedger
    self.call = call
    name = traits.name
    let machine = hedger.begin(deadline: call.deadline, idempotency: traits.idempotency, at: start)
    maxAttempts = machine.maxAttempts
    state = Lock(State(machine: machine, mustDeposit: isOutermost))
  }

  /// The first attempt's context; the attempt begins now.
  @usableFromInline
  func first() -> CallContext {
    attempt(1)
  }

  /// Waits until another attempt is to be begun: its number among the hedge's own, and its context. `nil`
  /// when the call is over: what still runs is to be cancelled and awaited.
  @usableFromInline
  func next() async -> (number: Int, context: CallContext)? {
    while true {
      switch step() {
      case .begin(let number):
        return (number, begin(number))
      case .refused(let number):
        hedger.refused.wrappingAdd(1, ordering: .relaxed)
        call.emit(HedgeEvent.refused(call: name, attempt: number))
      case .wait(let waiter, let instant):
        let resolution = await waiter.wait(until: instant, on: call.clock)
        if resolution == .cancelled { state.withLock { $0.machine.cancel() } }
      case .end:
        return nil
      }
    }
  }

  /// Notes how an attempt ended. Runs in the attempt's task, as the last that happens there.
  @usableFromInline
  func ended(_ number: Int, _ attempt: CallContext, _ outcome: Outcome, error: (any Error)?) {
    attempt.attemptEnded(of: call, outcome, error: error)
    let now = call.readClock()
    if number == 1 {
      hedger.learned?.record(
        nanoseconds: start.nanoseconds(to: now), succeeded: outcome.verdict == .success)
    }
    let wasRefused = outcome.isRefusal(error)
    let waiter: Waiter? = state.withLock { state in
      let ending = state.machine.ended(number, outcome, wasRefused: wasRefused, at: now)
      switch ending {
      // Nothing was sent: it takes no token, and brings none.
      case _ where wasRefused && hedger.provesRefusals: giveBack(number, state)
      case .repeated where !state.isRepeating: state.isRepeating = true
      case .repeated, .final: hedger.budget?.noteUnretried(isFirst: isFirstOutcome(&state), outcome.verdict)
      case .late: hedger.budget?.noteUnretried(isFirst: isFirstOutcome(&state), .neutral)
      }
      return state.waiter.take()
    }
    waiter?.grant()
  }

  @usableFromInline
  var isRunning: Bool { state.withLock { !$0.machine.running.isEmpty } }

  /// What an attempt may be left with, if its caller need not wait for it.
  @usableFromInline
  func abandonable(_ attempt: CallContext, _ abandoned: AbandonedWork) -> AbandonableWork {
    var attempt = attempt
    return AbandonableWork(call: name, begin: attempt.now, abandoned: abandoned)
  }

  /// Cancels and leaves the attempts that still run: when the call is decided at once, since there is an
  /// answer to give; else when they have had the time to hear it.
  ///
  /// - Parameters:
  ///   - works: All attempts. Each reports its end there before it does so here.
  ///   - cancel: Cancels all attempts. It runs the handlers that they registered, which may block: so the
  ///     clock runs it, and not the caller.
  /// - Returns: Those that were left. The others have ended or are to be waited for.
  @usableFromInline
  func leave(_ works: [AbandonableWork], cancelling cancel: @escaping @Sendable () -> Void) async
    -> AttemptSet
  {
    let machine = state.withLock { $0.machine }
    guard !machine.running.isEmpty else { return [] }
    let clock = call.clock
    _ = clock.schedule(at: clock.now, cancel)
    var timer: TimerToken?
    if machine.isDecided {
      let now = clock.now
      for work in works { work.leave(at: now) }
    } else {
      let instant = clock.now.advanced(byNanoseconds: AbandonedWork.patienceNanoseconds)
      timer = clock.schedule(at: instant) {
        let now = clock.now
        for work in works { work.leave(at: now) }
      }
    }
    var left: AttemptSet = []
    for (index, work) in works.enumerated() where await work.mayBeLeft(call) {
      left.insert(.attempt(index + 1))
    }
    if let timer { clock.cancel(timer) }
    return left
  }

  /// The number of the attempt whose ending is the call's. Ask once, when all attempts have ended that are
  /// waited for.
  @usableFromInline
  func answer() -> Int {
    let machine = state.withLock { state in
      // The attempt that was to follow a failure did not begin.
      if state.isRepeating { hedger.budget?.noteUnretried(isFirst: isFirstOutcome(&state), .failure) }
      return state.machine
    }
    hedger.calls.wrappingAdd(1, ordering: .relaxed)
    if machine.isWon, machine.answer > 1 { hedger.won.wrappingAdd(1, ordering: .relaxed) }
    if call.isObserved, machine.begun > 1 {
      if machine.isWon { call.emit(HedgeEvent.won(call: name, attempt: machine.answer)) }
      for number in 1...machine.begun where machine.losers.contains(.attempt(number)) {
        call.emit(HedgeEvent.lost(call: name, attempt: number))
      }
    }
    return machine.answer
  }
}

// MARK: - Steps

extension HedgeRace {
  private func step() -> Step {
    let now = call.readClock()
    return state.withLock { state in
      switch state.machine.decision(at: now) {
      case .begin where Task.isCancelled:
        state.machine.cancel()
        return .end
      case .begin:
        if state.isRepeating { state.repeats.insert(.attempt(state.machine.begun + 1)) }
        state.isRepeating = false
        guard hedger.budget?.withdraw(depositing: isFirstOutcome(&state), at: now) ?? true else {
          state.machine.refuse()
          return .refused(attempt: state.machine.begun + 1)
        }
        return .begin(attempt: state.machine.begin(at: now))
      case .wait(let instant):
        let waiter = Waiter("Handler.hedge")
        state.waiter = waiter
        return .wait(waiter, until: instant)
      case .end:
        return .end
      }
    }
  }

  private func begin(_ number: Int) -> CallContext {
    hedger.started.wrappingAdd(1, ordering: .relaxed)
    call.emit(
      HedgeEvent.started(call: name, attempt: number, after: start.duration(to: call.readClock())))
    return attempt(number)
  }

  private func attempt(_ number: Int) -> CallContext {
    var attempt = call
    attempt.beginAttempt(
      UInt32(number), of: UInt32(maxAttempts), at: KnownInstant(number == 1 ? start : nil))
    attempt.attemptBegan(of: .hedgeTry)
    return attempt
  }

  private func giveBack(_ refused: Int, _ state: State) {
    if refused == 1 { return }
    if state.repeats.contains(.attempt(refused)) {
      hedger.budget?.refundRetry()
    } else {
      hedger.budget?.refund()
    }
  }

  /// Whether the original call is still to be deposited; it is then: with its first result, or when it is
  /// repeated.
  private func isFirstOutcome(_ state: inout State) -> Bool {
    defer { state.mustDeposit = false }
    return state.mustDeposit
  }
}

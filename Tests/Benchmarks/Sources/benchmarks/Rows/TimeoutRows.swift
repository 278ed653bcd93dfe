import Resilience

/// A call that suspends once.
func makeSuspendingCall() -> ServiceCall<Int, Int> {
  let offset = CommandLine.arguments.count
  return ServiceCall("call") { (input: Int) in
    await Task.yield()
    return input &+ offset
  }
}

/// A call that reads its context, as one does that sends its deadline along.
private func makeReadingCall() -> ServiceCall<Int, Int> {
  ServiceCall("call") { (input: Int) in
    input &+ Int(truncatingIfNeeded: CallContext.current.deadline.instant.nanoseconds)
  }
}

func timeoutRows() -> [Row] {
  [
    .call("timeout: work that finishes at once") { makeCall().timeout(.seconds(60)) }
      .from(.off, .actor, .main)
      .floor("floor: immediate task and its value")
      .target("timeout pre-emptive, sync finish", instructions: 6500, allocations: 4, over: "call")
      .beat(
        "timeout around work that finishes at once",
        "tower 69 ns (cannot pre-empt); failsafe-go 661 / 20 allocs; Swift task-group race 4 500 / 16 allocs"),
    .call("call: suspends once") { makeSuspendingCall() }
      .ungated(),
    .call("timeout: work that suspends once") { makeSuspendingCall().timeout(.seconds(60)) }
      .floor("call: suspends once")
      .target(
        "timeout pre-emptive, 1 suspend", instructions: 7500, allocations: 4, over: "call: suspends once"
      )
      .because("one allocation is the call's own; what the threads do to each other varies by thousands")
      .ungated(),
    .call("deadline: cooperative") { makeCall().deadline(.seconds(60)) }
      .from(.off, .actor, .main)
      .floor("floor: await of a closure, with a task-local bound")
      .target("timeout cooperative", instructions: 750, allocations: 0, over: "call")
      .because("on the main actor, one hop in binding the task-local"),
    // Bound for it too: what it calls may ask for the current context.
    .call("deadline: cooperative, of a call that takes its context") {
      let offset = CommandLine.arguments.count
      return ServiceCall("call") { (input: Int, _: CallContext) in input &+ offset }.deadline(.seconds(60))
    }
    .floor("floor: await of a closure"),
    .sync("context: read") {
      { count in
        var sum = 0
        for _ in 0..<count {
          sum &+= Int(truncatingIfNeeded: CallContext.current.deadline.instant.nanoseconds)
        }
        return sum
      }
    }
    .floor("floor: task-local read")
    .target("context bind + read", instructions: 110, allocations: 0),
    .call("context: call that reads it") { makeReadingCall() }
      .floor("call"),
    .call("context: call with a deadline that reads it") { makeReadingCall().deadline(.seconds(60)) }
      .floor("floor: await of a closure, with a task-local bound")
      .target(
        "context bind + read", instructions: 590, allocations: 0, over: "context: call that reads it"
      )
      .because("it also reads the clock, to know the deadline"),
    .sync("timer: schedule and cancel") { timerLoop(pending: 0) }
      .floor("floor: lock pair"),
  ]
}

/// Schedules and cancels on the system's clock, while others are pending.
func timerLoop(pending: Int) -> @Sendable (Int) -> Int {
  let clock = SystemClock()
  let later = clock.now.advanced(by: .seconds(86_400))
  let others = Pending((0..<pending).map { clock.schedule(at: later.advanced(byNanoseconds: Int64($0))) {} })
  return { count in
    var cancelled = 0
    for index in 0..<count {
      let token = clock.schedule(at: later.advanced(byNanoseconds: Int64(index % 1000))) {}
      if clock.cancel(token) { cancelled &+= 1 }
    }
    return cancelled &+ others.count
  }
}

/// Timers that are taken back when the row is done.
private final class Pending: Sendable {
  private let tokens: [TimerToken]

  init(_ tokens: [TimerToken]) {
    self.tokens = tokens
  }

  var count: Int { tokens.count }

  deinit {
    for token in tokens { SystemClock().cancel(token) }
  }
}

import Resilience

/// What a million timeouts at the same time take: each is a timer that is armed and, as the work ends,
/// disarmed.
///
/// The bytes of an operation are those of a timer, when it is the first million of the process.
func timerRows() -> [Row] {
  [
    .sync("timers: 1 000 000 armed, then disarmed in order") { millionTimers(inOrder: true) }
      .counted(over: 1_000_000)
      .floor("floor: lock pair")
      .ungated(),
    .sync("timers: 1 000 000 armed, then disarmed in any order") { millionTimers(inOrder: false) }
      .counted(over: 1_000_000)
      .floor("floor: lock pair")
      .ungated(),
    .call("timeout: abandoning, work that finishes at once") {
      makeCall().timeout(.seconds(60), abandoning: AbandonedWork("benchmark"))
    }
    .floor("call"),
  ]
}

/// Arms `count` timers that are due 10 to 60 seconds from now, and takes them all back.
private func millionTimers(inOrder: Bool) -> @Sendable (Int) -> Int {
  let clock = SystemClock()
  let later = clock.now.advanced(by: .seconds(10))
  return { count in
    // A multiplicative hash: the same dues, in an order that no cache foresees.
    func scattered(_ index: Int) -> Int { Int(truncatingIfNeeded: index &* 2_654_435_761 % count) }
    var tokens: [TimerToken] = []
    tokens.reserveCapacity(count)
    for index in 0..<count {
      let due = later.advanced(byNanoseconds: Int64(scattered(index)) * 50_000)
      tokens.append(clock.schedule(at: due) {})
    }
    var disarmed = 0
    for index in 0..<count where clock.cancel(tokens[inOrder ? index : scattered(index)]) { disarmed &+= 1 }
    return disarmed
  }
}

internal import ResilienceCore

/// Virtual time: it stands still until it is told to jump to the next timer.
final class Timeline: ResilienceClock {
  private struct DueTimer {
    let token: TimerToken
    let action: @Sendable () -> Void
  }

  private struct State: ~Copyable {
    var now = Instant(nanoseconds: 0)
    var timers = TimerQueue()
    var due = ReadyList<DueTimer>()
    var names: [TimerToken: UInt64] = [:]
  }

  private let state = Lock(State())
  private let start: UnixTime
  private let lineage: Lineage?

  /// - Parameter lineage: Names timers, if that is asked for.
  init(startingAt start: UnixTime, _ lineage: Lineage? = nil) {
    self.start = start
    self.lineage = lineage
  }

  var now: Instant { state.withLock { $0.now } }

  var unixTime: UnixTime { start.advanced(by: .nanoseconds(now.nanoseconds)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let name = lineage?.nameOfNewTimer()
    return state.withLock { state in
      let token = state.timers.arm(at: instant, action)
      if let name { state.names[token] = name }
      return token
    }
  }

  func cancel(_ token: TimerToken) -> Bool {
    let action: (@Sendable () -> Void)? = state.withLock { state in
      if lineage != nil { state.names[token] = nil }
      if let action = state.timers.disarm(token) { return action }
      guard let index = state.due.firstIndex(where: { $0.token == token }) else { return nil }
      return state.due.remove(at: index).action
    }
    return action != nil
  }

  /// How many timers are due at this instant.
  func dueCount() -> Int {
    state.withLock { state in
      while let token = state.timers.earliestToken, let action = state.timers.popDue(at: state.now) {
        state.due.append(DueTimer(token: token, action: action))
      }
      return state.due.count
    }
  }

  /// The names of the timers that are due, the one that was armed first in front.
  var dueNames: [UInt64] {
    state.withLock { state in (0..<state.due.count).map { state.names[state.due[$0].token] ?? 0 } }
  }

  /// When the next timer is due that is not due yet.
  var nextInstant: Instant? { state.withLock { $0.timers.earliest } }

  func move(to instant: Instant) {
    state.withLock { $0.now = max($0.now, instant) }
  }

  /// Runs one of the timers that are due.
  func fire(_ index: Int) {
    let (timer, name) = state.withLock { state in
      let timer = state.due.removeOvertaking(index)
      return (timer, state.names.removeValue(forKey: timer.token))
    }
    if let name { lineage?.begin(name) }
    timer.action()
  }
}

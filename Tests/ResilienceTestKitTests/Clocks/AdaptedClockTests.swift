import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

/// A clock of somebody else's: it knows nothing of ours.
private final class StepClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration

    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct State {
    var now = Instant(offset: .seconds(1000))
    var sleepers: [Int: (due: Instant, continuation: CheckedContinuation<Void, any Error>)] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  var now: Instant { state.withLock { $0.now } }
  var minimumResolution: Duration { .nanoseconds(1) }
  var sleepers: Int { state.withLock { $0.sleepers.count } }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isOver = state.withLock { state in
          if Task.isCancelled || state.now >= deadline { return true }
          state.sleepers[id] = (deadline, continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  func advance(by duration: Duration) {
    let woken = state.withLock { state in
      state.now = state.now.advanced(by: duration)
      let due = state.sleepers.filter { $0.value.due <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.sorted { ($0.value.due, $0.key) < ($1.value.due, $1.key) }.map(\.value.continuation)
    }
    for continuation in woken { continuation.resume() }
  }
}

@Suite struct AdaptedClockTests {
  private struct Broken: Error {}

  @Test func ourRetriesWaitOnTheirClock() throws {
    try Simulation(seed: 1).run { sim in
      let clock = StepClock()
      let adapted = AdaptedClock(clock, startingAt: UnixTime(nanoseconds: 0))
      let environment = CallEnvironment(clock: adapted, executor: CallContext.current.executor)
      let woken = Mutex<[Instant]>([])
      let task = Task {
        try await CallContext.withEnvironment(environment) {
          for seconds in [10, 5] {
            try await CallContext.current.clock.sleep(for: .seconds(seconds))
            woken.withLock { $0.append(CallContext.current.clock.now) }
          }
        }
      }
      try await sim.advance(by: .zero)
      #expect(clock.sleepers == 1)
      clock.advance(by: .seconds(9))
      try await sim.advance(by: .zero)
      #expect(woken.withLock { $0 }.isEmpty)
      clock.advance(by: .seconds(1))
      try await sim.advance(by: .zero)
      clock.advance(by: .seconds(5))
      try await task.value
      #expect(woken.withLock { $0 } == [.s(10), .s(15)])
      #expect(adapted.unixTime == UnixTime(nanoseconds: 15_000_000_000))
    }
  }

  @Test func aTimerThatIsTakenBackDoesNotRun() throws {
    try Simulation(seed: 1).run { sim in
      let clock = StepClock()
      let adapted = AdaptedClock(clock)
      let fired = Mutex<[String]>([])
      let first = adapted.schedule(at: .s(1)) { fired.withLock { $0.append("first") } }
      _ = adapted.schedule(at: .s(2)) { fired.withLock { $0.append("second") } }
      let never = adapted.schedule(at: .s(-5)) { fired.withLock { $0.append("past") } }
      try await sim.advance(by: .zero)
      #expect(adapted.cancel(first))
      #expect(!adapted.cancel(first))
      #expect(!adapted.cancel(never))
      clock.advance(by: .seconds(3))
      try await sim.advance(by: .zero)
      #expect(fired.withLock { $0 } == ["past", "second"])
      #expect(clock.sleepers == 0)
    }
  }
}

import Dispatch
import ResilienceTestKit
import Synchronization
import Testing

@testable import ResilienceCore

/// Timers of their own, so that what blocks here holds up nothing else. What waits here ends when the time
/// limit cancels it.
@Suite(.timeLimit(.minutes(1))) struct SystemTimerTests {
  private let past = Instant(nanoseconds: 0)

  /// Ends when the timer's action begins; the action then blocks until `gate` is opened, and says whether it
  /// was.
  private func block(_ timer: SystemTimer, _ gate: Gate) async {
    let began = Waiter("began")
    _ = timer.arm(at: past) {
      began.grant()
      gate.wait()
    }
    #expect(await began.wait() == .granted)
  }

  private func run(_ timer: SystemTimer, at instant: Instant) async {
    let ran = Waiter("ran")
    _ = timer.arm(at: instant) { ran.grant() }
    #expect(await ran.wait() == .granted)
  }

  @Test func row72_anActionThatBlocksDelaysNoOther() async {
    let timer = SystemTimer()
    let gate = Gate()
    for _ in 1...10 { await block(timer, gate) }
    let soon = SystemClock.read().advanced(by: .milliseconds(150))
    await run(timer, at: past)
    await run(timer, at: soon)
    #expect(soon <= SystemClock.read())
    #expect(gate.passed.entries.isEmpty, "the others ran only when what blocked had ended")
    gate.open(10)
    while gate.passed.entries.count < 10 { await Task.yield() }
    #expect(gate.passed.entries == Array(repeating: true, count: 10))
  }

  @Test func withAllThreadsBlockedTimersWaitAndCanStillBeTakenBack() async {
    let timer = SystemTimer(maximumThreads: 2)
    let gate = Gate()
    for _ in 1...2 { await block(timer, gate) }
    let late = Log<Bool>()
    let taken = timer.arm(at: past) { late.append(false) }
    #expect(timer.disarm(taken))
    async let ran: Void = run(timer, at: past)
    gate.open(2)
    await ran
    #expect(late.entries.isEmpty)
  }

  /// What has ended takes the wheel again before anybody new has come.
  @Test func shortActionsDoNotStartAThreadEach() async {
    let timer = SystemTimer()
    let count = Atomic(0)
    for _ in 1...5000 { _ = timer.arm(at: past) { count.add(1, ordering: .relaxed) } }
    while count.load(ordering: .relaxed) < 5000 { await run(timer, at: past) }
    #expect(timer.threadCount <= 16, "\(timer.threadCount)")
  }

  /// The clock moves on and the thread's sleep does not: what a suspended machine looks like to it.
  @Test func row70_aTimerRunsSoonAfterTheMachineWasSuspended() async {
    let clock = FakeTime()
    let timer = SystemTimer(longestSleep: 1_000_000, now: { clock.read() })
    let hour = Instant(nanoseconds: 3_600_000_000_000)
    let ran = Waiter("ran")
    _ = timer.arm(at: hour) { ran.grant() }
    clock.advance(to: Instant(nanoseconds: 7_200_000_000_000))
    #expect(await ran.wait() == .granted)
  }
}

/// Blocks threads, twenty seconds at most: so that a test whose subject is broken fails instead of hanging.
private final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  /// For each that has gone through, whether it was let through.
  let passed = Log<Bool>()

  func wait() {
    passed.append(semaphore.wait(timeout: .now() + 20) == .success)
  }

  func open(_ count: Int) {
    for _ in 1...count { semaphore.signal() }
  }
}

private final class FakeTime: Sendable {
  private let nanoseconds = Atomic<Int64>(0)
  private let reads = Atomic(0)

  func read() -> Instant {
    defer { reads.add(1, ordering: .releasing) }
    return Instant(nanoseconds: nanoseconds.load(ordering: .relaxed))
  }

  /// When the old time has been read.
  func advance(to instant: Instant) {
    while reads.load(ordering: .acquiring) == 0 {}
    nanoseconds.store(instant.nanoseconds, ordering: .relaxed)
  }
}

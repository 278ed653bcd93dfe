import ResilienceCore
import ResilienceTestKit
import Testing

/// Work that is left before its caller has come to wait for it: only threads that race get there.
@Suite struct AbandonableWorkTests {
  private let abandoned = AbandonedWork("printer")

  private func work() -> AbandonableWork {
    AbandonableWork(call: "print", begin: Instant(nanoseconds: 0), abandoned: abandoned)
  }

  @Test func workLeftBeforeItsCallerWaitsIsCountedOnce() async {
    let work = work()
    work.leave(at: Instant(nanoseconds: 5))
    work.leave(at: Instant(nanoseconds: 6))
    #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 1, total: 1))
    let isLeft = await work.mayBeLeft(.current)
    #expect(isLeft)
    work.end(.current, error: nil)
    #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 0, total: 1))
  }

  @Test func workThatEndedBeforeItsCallerWaitsIsNotLeft() async {
    let work = work()
    work.end(.current, error: nil)
    work.leave(at: Instant(nanoseconds: 5))
    let isLeft = await work.mayBeLeft(.current)
    #expect(!isLeft)
    #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 0, total: 0))
  }

  @Test func workThatMayNotBeLeftIsRefusedOnceAndEndsAsUsual() async {
    let none = AbandonedWork("printer", limit: 0)
    let work = AbandonableWork(call: "print", begin: Instant(nanoseconds: 0), abandoned: none)
    work.leave(at: Instant(nanoseconds: 5))
    work.leave(at: Instant(nanoseconds: 6))
    let isLeft = await work.mayBeLeft(.current)
    #expect(!isLeft)
    work.end(.current, error: nil)
    #expect(none.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 0, total: 0, refused: 1))
  }
}

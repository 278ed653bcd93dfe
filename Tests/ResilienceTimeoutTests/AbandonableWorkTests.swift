import ResilienceCore
import Testing

@testable import ResilienceTimeout

/// A call whose limit passes before its caller has come to wait for it: only threads that race get there.
@Suite struct AbandonableWorkTests {
  @Test func workAbandonedBeforeItsCallerWaitsIsCountedToo() async {
    let abandoned = AbandonedWork("printer")
    let work = AbandonableWork(call: "print", limit: .seconds(1), abandoned: abandoned)
    work.abandon()
    work.abandon()
    #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 1, total: 1))
    let hasEnded = await work.wait()
    #expect(!hasEnded)
    work.end(.current, error: nil)
    #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 0, total: 1))
  }

  @Test func workThatEndedBeforeItsCallerWaitsIsNotAbandoned() async {
    let abandoned = AbandonedWork("printer")
    let work = AbandonableWork(call: "print", limit: .seconds(1), abandoned: abandoned)
    work.end(.current, error: nil)
    work.abandon()
    let hasEnded = await work.wait()
    #expect(hasEnded)
    #expect(abandoned.snapshot().total == 0)
  }
}

import ResilienceCore
import ResilienceTestKit
import Testing

@Suite struct AbandonedWorkTests {
  /// Many callers leave at the same moment: exactly as many as are allowed go.
  @Test func row74_noMoreThanTheLimitIsLeftHoweverManyLeaveTogether() async {
    let told = Log<AbandonedWorkEvent>()
    let abandoned = AbandonedWork("printer", limit: 10) { told.append($0) }
    let left = await withTaskGroup { group in
      for _ in 1...200 {
        group.addTask {
          let work = AbandonableWork(call: "print", begin: Instant(nanoseconds: 0), abandoned: abandoned)
          work.leave(at: Instant(nanoseconds: 1))
          return await work.mayBeLeft(.current)
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(left == 10)
    #expect(
      abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 10, total: 10, refused: 190))
    #expect(told.entries.count { $0 == .refused(call: "print", running: 10) } == 190)
  }

  @Test func aPlaceThatIsFreeAgainIsTaken() async {
    let abandoned = AbandonedWork("printer", limit: 1)
    let works = (1...3).map { _ in
      AbandonableWork(call: "print", begin: Instant(nanoseconds: 0), abandoned: abandoned)
    }
    works[0].leave(at: Instant(nanoseconds: 1))
    works[1].leave(at: Instant(nanoseconds: 1))
    works[0].end(.current, error: nil)
    works[2].leave(at: Instant(nanoseconds: 2))
    let left = [
      await works[0].mayBeLeft(.current), await works[1].mayBeLeft(.current),
      await works[2].mayBeLeft(.current),
    ]
    #expect(left == [true, false, true])
    #expect(
      abandoned.snapshot() == AbandonedWorkSnapshot(name: "printer", running: 1, total: 2, refused: 1))
  }

  @Test func eventsSayHowLongAndHowItEnded() async {
    let told = Log<AbandonedWorkEvent>()
    let abandoned = AbandonedWork("printer") { told.append($0) }
    let clock = ManualClock()
    await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      let begin = clock.now
      let work = AbandonableWork(call: "print", begin: begin, abandoned: abandoned)
      clock.advance(by: .seconds(1))
      work.leave(at: clock.now)
      _ = await work.mayBeLeft(.current)
      clock.advance(by: .seconds(2))
      work.end(.current, error: CancellationError())
    }
    #expect(
      told.entries.map { "\($0)" } == [
        "abandoned_work.left call=print after_seconds=1.0",
        "abandoned_work.ended call=print overdue_seconds=2.0 error=CancellationError()",
      ])
    #expect(
      "\(AbandonedWorkEvent.refused(call: "print", running: 7))"
        == "abandoned_work.refused call=print running=7")
  }

  @Test func metricsCountWhatRunsWhatWasLeftAndWhoCouldNotLeave() {
    let snapshot = AbandonedWorkSnapshot(name: "printer", running: 2, total: 5, refused: 3)
    let labels = [Metric.Label("work", "printer")]
    #expect(
      snapshot.metrics == [
        Metric(
          "abandoned_work_running", .gauge, 2, labels: labels, help: "Calls that were left and still run."),
        Metric(
          "abandoned_work_left_total", .counter, 5, labels: labels,
          help: "Calls that were left running when their caller went on."),
        Metric(
          "abandoned_work_refused_total", .counter, 3, labels: labels,
          help: "Calls that were not begun, because too many were left running."),
      ])
  }

  @Test func anImpossibleLimitIsRefusedWithTheValue() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AbandonedWork("printer", limit: -1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("must be 0 or more, was -1"))
  }
}

import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct SimulatedServiceTests {
  private static func service(
    workers: Int = 1, queueLimit: Int = 100, faults: [ServiceFault] = [], servesNewestFirst: Bool = false,
    dropsExpiredWork: Bool = false
  ) -> SimulatedService<Int, Int> {
    SimulatedService(
      "stock", workers: workers, queueLimit: queueLimit, latency: .constant(.seconds(1)), faults: faults,
      servesNewestFirst: servesNewestFirst, dropsExpiredWork: dropsExpiredWork
    ) { $0 }
  }

  /// Calls at once, each for itself; what each came to, and the second in which it ended.
  private static func call(
    _ service: SimulatedService<Int, Int>, times: Int, deadline: Deadline = .never
  ) async -> [String] {
    await withTaskGroup { group in
      for input in 0..<times {
        group.addImmediateTask {
          var context = CallContext.current
          context.tightenDeadline(to: deadline)
          let what: String
          do {
            what = try await "\(service.handle(input, context: context))"
          } catch let error as SimulatedServiceError {
            what = "\(error.reason)"
          } catch {
            what = "\(error)"
          }
          return "\(what) at \(context.readClock())"
        }
      }
      return await group.reduce(into: []) { $0.append($1) }.sorted()
    }
  }

  @Test func workersTakeTurnsAndTheQueueIsFirstComeFirstServed() throws {
    let ends = try Simulation(seed: 1).run { _ in await Self.call(Self.service(workers: 2), times: 5) }
    #expect(ends == ["0 at 1.0s", "1 at 1.0s", "2 at 2.0s", "3 at 2.0s", "4 at 3.0s"])
  }

  @Test func mayServeTheNewestFirst() throws {
    let ends = try Simulation(seed: 1).run { _ in
      await Self.call(Self.service(servesNewestFirst: true), times: 4)
    }
    #expect(ends == ["0 at 1.0s", "1 at 4.0s", "2 at 3.0s", "3 at 2.0s"])
  }

  @Test func aStalledServiceBeginsAtTheEndOfItsWindow() throws {
    let service = Self.service(workers: 2, faults: [.stalled(during: .seconds(1) ..< .seconds(10))])
    let ends = try Simulation(seed: 1).run { sim in
      let before = await Self.call(service, times: 1)
      try await sim.sleep(for: .seconds(1))
      return before + (await Self.call(service, times: 3))
    }
    #expect(ends == ["0 at 1.0s", "0 at 11.0s", "1 at 11.0s", "2 at 12.0s"])
  }

  @Test func aFullQueueRejectsAtOnce() throws {
    let service = Self.service(queueLimit: 1)
    let ends = try Simulation(seed: 1).run { _ in await Self.call(service, times: 4) }
    #expect(ends == ["0 at 1.0s", "1 at 2.0s", "queueFull at 0.0s", "queueFull at 0.0s"])
    #expect(service.snapshot().rejected == 2)
    #expect(service.snapshot().completedInTime == 2)
    #expect(SimulatedServiceError(service: "stock", reason: .queueFull).pushback.overloaded)
  }

  @Test(arguments: [false, true])
  func workForNobodyIsDoneUnlessTheServiceLooksAtTheDeadline(drops: Bool) throws {
    let service = Self.service(dropsExpiredWork: drops)
    let ends = try Simulation(seed: 1).run { _ in
      await Self.call(service, times: 4, deadline: Deadline(at: Instant(nanoseconds: 1_500_000_000)))
    }
    let snapshot = service.snapshot()
    if drops {
      #expect(ends == ["0 at 1.0s", "1 at 2.0s", "expired at 2.0s", "expired at 2.0s"])
      #expect((snapshot.completedInTime, snapshot.wasted, snapshot.expired) == (1, 1, 2))
    } else {
      #expect(ends == ["0 at 1.0s", "1 at 2.0s", "2 at 3.0s", "3 at 4.0s"])
      #expect((snapshot.completedInTime, snapshot.wasted, snapshot.expired) == (1, 3, 0))
    }
  }

  @Test func workGoesOnWhenItsCallerHasLeft() throws {
    let done = Log<Int>()
    let snapshot = try Simulation(seed: 1).run { sim in
      let service = SimulatedService<Int, Void>("stock", latency: .constant(.seconds(1))) { done.append($0) }
      let caller = Task.immediate(executorPreference: CallContext.current.executor) { try await service(7) }
      try await sim.sleep(for: .milliseconds(500))
      caller.cancel()
      let result = await caller.result
      #expect(throws: CancellationError.self) { try result.get() }
      #expect(sim.now == Instant(nanoseconds: 500_000_000))
      #expect(done.entries == [])
      try await sim.sleep(for: .seconds(1))
      return service.snapshot()
    }
    #expect(done.entries == [7])
    #expect((snapshot.wasted, snapshot.completedInTime, snapshot.busyWorkers) == (1, 0, 0))
  }

  @Test func isDownSlowOrFaultyWithinItsWindows() throws {
    let service = Self.service(
      workers: 100,
      faults: [
        .down(during: .seconds(10) ..< .seconds(12)), .slow(by: 3, during: .seconds(20) ..< .seconds(22)),
        .slow(by: 0.5, during: .seconds(21) ..< .seconds(22)),
        .errors(rate: 1, during: .seconds(31) ..< .seconds(32)),
      ])
    let ends = try Simulation(seed: 1).run { sim in
      var ends: [String] = []
      for second in [8, 9.5, 10, 11, 12, 20, 21, 30, 31] {
        try await CallContext.current.clock.sleep(
          until: Instant(nanoseconds: 0).advanced(by: .seconds(second)))
        ends += await Self.call(service, times: 1)
      }
      return ends
    }
    #expect(
      ends == [
        "0 at 9.0s", "crashed at 10.5s", "down at 10.5s", "down at 11.0s", "0 at 13.0s", "0 at 23.0s",
        "0 at 24.0s", "failed at 31.0s", "0 at 32.0s",
      ])
  }

  @Test func aSlowDestinationHoldsTheWorkersOfItsCaller() throws {
    let ends = try Simulation(seed: 1).run { _ in
      let inner = Self.service()
      let outer = SimulatedService<Int, Int>("orders", workers: 2, latency: .zero) { try await inner($0) }
      return await Self.call(outer, times: 4)
    }
    #expect(ends == ["0 at 1.0s", "1 at 2.0s", "2 at 3.0s", "3 at 4.0s"])
  }

  @Test func theDeadlineTravelsIntoTheWork() throws {
    let seen = Log<Deadline>()
    try Simulation(seed: 1).run { _ in
      let service = SimulatedService<Int, Void>("stock", latency: .zero) { _ in
        seen.append(CallContext.current.deadline)
      }
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 5)))
      try await service.handle(0, context: context)
    }
    #expect(seen.entries == [Deadline(at: Instant(nanoseconds: 5))])
  }

  /// Callers that come and go, in many schedules: nothing is counted twice, nothing is lost.
  @Test func everyCallIsCountedOnceInEverySchedule() throws {
    try Simulation.explore(seeds: 0..<300) { sim in
      let service = SimulatedService<Int, Void>(
        "stock", workers: 2, queueLimit: 3, latency: .exponential(mean: .milliseconds(10)),
        faults: [.errors(rate: 0.2), .down(during: .milliseconds(40) ..< .milliseconds(50))],
        dropsExpiredWork: sim.seed % 2 == 0
      ) { _ in await Task.yield() }
      await withTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            var context = CallContext.current
            let draw = context.random() % 80
            try? await context.clock.sleep(for: .milliseconds(draw))
            context.tightenDeadline(to: Deadline(at: context.readClock().advanced(by: .milliseconds(20))))
            let call = context
            await withTaskGroup { race in
              race.addTask { try? await service.handle(0, context: call) }
              race.addTask { try? await sim.sleep(for: .milliseconds(20)) }
              await race.next()
              race.cancelAll()
            }
            let now = service.snapshot()
            let settled = now.completedInTime + now.wasted + now.failed + now.rejected + now.expired
            #expect(now.offered == settled + now.queueLength + now.busyWorkers)
          }
        }
      }
      try await sim.sleep(for: .seconds(10))
      let end = service.snapshot()
      try sim.require(end.offered == 20, "offered \(end.offered)")
      try sim.require(end.queueLength == 0 && end.busyWorkers == 0, "not at rest: \(end)")
    }
  }
}

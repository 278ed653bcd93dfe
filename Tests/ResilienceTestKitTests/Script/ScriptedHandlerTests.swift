import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct ScriptedHandlerTests {
  private struct Planned: Error, Equatable {}

  private func seconds(_ instants: [Instant]) -> [Int64] { instants.map { $0.nanoseconds / 1_000_000_000 } }

  @Test func behavesAsListedAndRemembersWhoCalled() throws {
    let handler = ScriptedHandler<String, Int>(
      "stock", [.fail(Planned()), .delay(.seconds(3), then: .delay(.seconds(2), then: .succeed(7)))])
    let result = try Simulation(seed: 1).run { sim in
      await #expect(throws: Planned.self) { try await handler("a") }
      try await sim.sleep(for: .seconds(10))
      return try await (handler("b"), sim.now)
    }
    #expect(result.0 == 7)
    #expect(seconds([result.1]) == [15])
    #expect(handler.calls.map(\.input) == ["a", "b"])
    #expect(seconds(handler.calls.map(\.instant)) == [0, 10])
    #expect(handler.calls.map(\.attempt) == [1, 1])
    #expect(handler.callCount == 2)
  }

  @Test func remembersTheAttempt() async throws {
    let handler = ScriptedHandler<Int, Int>("stock", [.succeed(7)], afterwards: .repeatLast)
    for attempt in 1...3 as ClosedRange<UInt32> {
      var context = CallContext.current
      context.beginAttempt(attempt)
      _ = try await handler.handle(0, context: context)
    }
    #expect(handler.calls.map(\.attempt) == [1, 2, 3])
  }

  @Test func aCallAfterTheListFailsAndIsNamed() async throws {
    let handler = ScriptedHandler<Int, Int>("stock", [.succeed(7)])
    _ = try await handler(1)
    let error = await #expect(throws: ScriptEnded.self) { try await handler(2) }
    #expect(error?.description == "call 2 of the scripted handler \"stock\", which is scripted for 1")
    #expect(handler.calls.map(\.input) == [1, 2])
  }

  @Test func theLastAnswerRepeatsWhenAskedTo() async throws {
    let handler = ScriptedHandler<Int, Int>("base", [.fail(Planned()), .succeed(7)], afterwards: .repeatLast)
    _ = try? await handler(0)
    for _ in 0..<3 { #expect(try await handler(0) == 7) }
  }

  @Test func aHangEndsWithTheCallersCancellation() throws {
    let instant = try Simulation(seed: 1).run { sim in
      let handler = ScriptedHandler<Int, Int>("base", [.hang])
      let caller = Task.immediate(executorPreference: CallContext.current.executor) { try await handler(0) }
      try await sim.sleep(for: .seconds(5))
      caller.cancel()
      let result = await caller.result
      #expect(throws: CancellationError.self) { try result.get() }
      return sim.now
    }
    #expect(seconds([instant]) == [5])
  }

  @Test func aHangThatNobodyEndsIsADeadlockThatNamesIt() throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1).run { _ in try await ScriptedHandler<Int, Int>("base", [.hang])(0) }
    }
    #expect(error.waiting == ["ScriptedHandler.hang"])
  }

  @Test(arguments: [(0, 1), (9, 1), (10, 2), (14, 2), (15, 3), (19, 3), (20, 1)] as [(Int64, Int)])
  func behavesByWindowsOfTimeTheFirstThatFits(second: Int64, answer: Int) throws {
    let handler = ScriptedHandler<Int, Int>(
      "base",
      during: [
        (.seconds(10) ..< .seconds(15), .succeed(2)), (.seconds(12) ..< .seconds(20), .succeed(3)),
      ], otherwise: .succeed(1))
    try Simulation(seed: 1).run { sim in
      try await sim.sleep(for: .seconds(second))
      #expect(try await handler(0) == answer)
    }
  }
}

import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct FaultInjectorTests {
  private struct Planned: Error, Equatable {}

  private func run<Result: Sendable>(
    seed: UInt64 = 1, _ body: @escaping @Sendable (Simulation) async throws -> Result
  ) throws -> Result {
    try Simulation(seed: seed).run(body)
  }

  @Test func nothingHitsUntilItIsSwitchedOn() async throws {
    let injector = FaultInjector<Int>("chaos", [.error(Planned())])
    let call = ServiceCall { (input: Int) in input }.faults(injector)
    #expect(try await call(3) == 3)
    injector.switchOn()
    await #expect(throws: Planned.self) { try await call(3) }
    injector.switchOff()
    #expect(try await call(3) == 3)
    #expect(injector.snapshot().calls == 1)
  }

  @Test func anErrorOrAValueComesInPlaceOfTheCall() async throws {
    let base = ScriptedHandler<Int, Int>("base", [])
    let errors = FaultInjector<Int>("errors", [.error(Planned())])
    let values = FaultInjector<Int>("values", [.value(9)])
    errors.switchOn()
    values.switchOn()
    await #expect(throws: Planned.self) { try await base.faults(errors)(0) }
    #expect(try await base.faults(values)(0) == 9)
    #expect(base.callCount == 0)
  }

  @Test func anOutcomeFaultLosesTheAnswerOfWorkThatWasDone() async throws {
    let base = ScriptedHandler<Int, Int>("base", [.succeed(1), .fail(Planned())])
    let injector = FaultInjector<Int>("lost", [.outcome { _ in throw Planned() }, .outcome { _ in 5 }])
    injector.switchOn()
    #expect(try await base.faults(injector)(0) == 5)
    #expect(try await base.faults(injector)(0) == 5)
    #expect(base.callCount == 2)
  }

  @Test func latencyComesOnTopAndTheInnerLayersReadTheClockAgain() throws {
    try run { _ in
      let injector = FaultInjector<Int64>("slow", [.latency(.constant(.seconds(2)))])
      let call = ServiceCall { (_: Int, context: CallContext) in
        var context = context
        return context.now.nanoseconds
      }.faults(injector)
      injector.switchOn()
      var context = CallContext.current
      #expect(context.now.nanoseconds == 0)
      let seen = try await call.handle(0, context: context)
      #expect(seen == 2_000_000_000)
    }
  }

  @Test func whatABehaviourCallsSeesTheDeadlineOfTheCall() async throws {
    let seen = Log<Deadline>()
    let injector = FaultInjector<Int>(
      "disk",
      [
        .behaviour { _ in seen.append(try await ServiceCall { (_: Void, context) in context.deadline }()) }
      ])
    injector.switchOn()
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 5)))
    _ = try await ServiceCall { (input: Int) in input }.faults(injector).handle(0, context: context)
    #expect(seen.entries == [context.deadline])
    #expect(CallContext.current.deadline == .never)
  }

  @Test func aBehaviourRunsFirstAndMayPreventTheCall() async throws {
    let base = ScriptedHandler<Int, Int>("base", [.succeed(1)], afterwards: .repeatLast)
    let seen = Log<UInt16>()
    let injector = FaultInjector<Int>(
      "disk",
      [
        .behaviour("disk full") { context in
          seen.append(context.attempt)
          if context.attempt == 1 { throw Planned() }
        }
      ])
    injector.switchOn()
    let call = base.faults(injector)
    var context = CallContext.current
    await #expect(throws: Planned.self) { try await call.handle(0, context: context) }
    context.beginAttempt(2)
    #expect(try await call.handle(0, context: context) == 1)
    #expect(base.callCount == 1)
    #expect(seen.entries == [1, 2])
    #expect(injector.snapshot().faults == ["disk full"])
  }

  @Test func aHangEndsWithTheCallersCancellation() throws {
    try run { sim in
      let injector = FaultInjector<Int>("hang", [.hang()])
      injector.switchOn()
      let call = ServiceCall { (input: Int) in input }.faults(injector)
      let caller = Task.immediate(executorPreference: CallContext.current.executor) { try await call(0) }
      try await sim.sleep(for: .seconds(1))
      caller.cancel()
      let result = await caller.result
      #expect(throws: CancellationError.self) { try result.get() }
    }
  }

  @Test func theSeedDecidesWhoIsHitAndTheRateHowMany() throws {
    let hits: @Sendable (Simulation) async throws -> [Bool] = { _ in
      let injector = FaultInjector<Int>("some", [.error(Planned(), rate: 0.25)])
      injector.switchOn()
      let call = ServiceCall { (input: Int) in input }.faults(injector)
      var hits: [Bool] = []
      for input in 0..<1000 { hits.append((try? await call(input)) == nil) }
      #expect(injector.snapshot().hits == [UInt64(hits.count { $0 })])
      return hits
    }
    let first = try run(seed: 1, hits)
    #expect(try run(seed: 1, hits) == first)
    #expect(try run(seed: 2, hits) != first)
    #expect(first.count { $0 } == 261)
  }

  @Test func windowsAreCountedFromSwitchingOn() throws {
    try run { sim in
      let injector = FaultInjector<Int>("later", [.value(0, during: .seconds(10) ..< .seconds(20))])
      let call = ServiceCall { (input: Int) in input }.faults(injector)
      try await sim.sleep(for: .seconds(100))
      injector.switchOn()
      var seen: [Int] = []
      for second in 0..<30 {
        // Switching on what is on must not start the windows again.
        if second == 15 { injector.switchOn() }
        try await seen.append(call(1))
        try await sim.sleep(for: .seconds(1))
      }
      #expect(seen == (0..<30).map { (10..<20).contains($0) ? 0 : 1 })
    }
  }

  @Test func tellsWhatItDoes() async throws {
    let told = Log<String>()
    let recorder = EventRecorder()
    let injector = FaultInjector<Int>("chaos", [.latency(.zero), .value(2)]) { told.append($0.description) }
    let call = ServiceCall { (input: Int) in input }.faults(injector)
    injector.switchOff()
    injector.switchOn()
    try await CallContext.withObserver(recorder) { _ = try await call(1) }
    injector.switchOff()
    let hits = [
      "fault.injected injector=chaos fault=latency", "fault.injected injector=chaos fault=value",
    ]
    #expect(recorder.descriptions == hits)
    #expect(told.entries == ["fault.on injector=chaos"] + hits + ["fault.off injector=chaos"])
    #expect(
      injector.snapshot().metrics.map { "\($0.name) \($0.value) \($0.labels.map(\.value))" } == [
        "fault_on 0.0 [\"chaos\"]", "fault_calls_total 1.0 [\"chaos\"]",
        "fault_injected_total 1.0 [\"chaos\", \"latency\", \"0\"]",
        "fault_injected_total 1.0 [\"chaos\", \"value\", \"1\"]",
      ])
  }

  @Test(arguments: [(0, 0), (1, 100)])
  func certainRatesDrawNothing(rate: Double, hits: UInt64) throws {
    try run { _ in
      let injector = FaultInjector<Int>("certain", [.value(0, rate: rate)])
      injector.switchOn()
      let call = ServiceCall { (input: Int) in input }.faults(injector)
      for input in 0..<100 { _ = try await call(input) }
      #expect(injector.snapshot().hits == [hits])
      let next = CallContext.current.random()
      let untouched = try Simulation(seed: 1).run { _ in CallContext.current.random() }
      #expect(next == untouched)
    }
  }
}

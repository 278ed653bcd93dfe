import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Row 71: what happened long ago does not open a breaker now.
@Suite struct SilenceTests {
  typealias Machine = CircuitBreakerStateMachine

  private static let threeDays = 259_200.0

  private static func fiveInARow(_ window: CircuitBreakerPolicy.Window) -> CircuitBreakerPolicy {
    CircuitBreakerPolicy(
      window: window, failureRate: nil, consecutiveFailures: 5, openTime: .seconds(5),
      maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: 1)
  }

  private func call(_ machine: inout Machine, _ verdict: Verdict, _ times: Int = 1, at second: Double) {
    for _ in 0..<times {
      guard case .admitted(let token) = machine.admit(at: .s(second), draw: 0).decision else { return }
      _ = machine.record(token, verdict, at: .s(second), draw: 0)
    }
  }

  @Test(arguments: [CircuitBreakerPolicy.Window.time(.seconds(30)), .count(100), .count(4)])
  func row71_silenceHeals(window: CircuitBreakerPolicy.Window) {
    var machine = Machine(Self.fiveInARow(window))
    call(&machine, .failure, 4, at: 0)
    call(&machine, .failure, at: Self.threeDays)
    #expect(machine.state == .closed)
    #expect(machine.consecutiveFailures == 1)
    call(&machine, .failure, 4, at: Self.threeDays + 1)
    #expect(machine.state == .open(until: .s(Self.threeDays + 6)))
  }

  @Test(arguments: [CircuitBreakerPolicy.Window.time(.seconds(30)), .count(100)])
  func row71_oneCallAnHourNeverOpens(window: CircuitBreakerPolicy.Window) {
    var machine = Machine(Self.fiveInARow(window))
    for hour in 0..<1000 { call(&machine, .failure, at: Double(hour) * 3600) }
    #expect(machine.openings == 0)
  }

  struct Edge: Sendable {
    let window: CircuitBreakerPolicy.Window
    let last: Double
    let opens: Bool
  }

  /// Four failures in the first second; the fifth is in a row with them as long as they are in the window.
  @Test(arguments: [
    Edge(window: .time(.seconds(30), slices: 10), last: 29.999, opens: true),
    Edge(window: .time(.seconds(30), slices: 10), last: 30, opens: false),
    Edge(window: .count(9, maxAge: .seconds(80)), last: 79.999, opens: true),
    Edge(window: .count(9, maxAge: .seconds(80)), last: 80, opens: false),
    Edge(window: .count(9), last: 599.999, opens: true),
    Edge(window: .count(9), last: 600, opens: false),
    Edge(window: .count(9, maxAge: nil), last: threeDays * 1000, opens: true),
  ])
  func row71_theAgeIsTheWindowsOwn(edge: Edge) {
    var machine = Machine(Self.fiveInARow(edge.window))
    call(&machine, .failure, 4, at: 0.5)
    call(&machine, .failure, at: edge.last)
    #expect((machine.openings == 1) == edge.opens)
  }

  /// Each a little younger than the window; together they are older.
  @Test func row71_onlyThoseInTheWindowAreInARow() {
    var machine = Machine(Self.fiveInARow(.time(.seconds(30))))
    for number in 0..<100 { call(&machine, .failure, at: Double(number) * 10) }
    #expect(machine.consecutiveFailures == 3)
    #expect(machine.openings == 0)
  }

  @Test func row71_theRowMayBeLongerThanACountWindow() {
    var machine = Machine(
      CircuitBreakerPolicy(
        window: .count(4), failureRate: nil, consecutiveFailures: 10, openTime: .seconds(5),
        maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: 1))
    for second in 0..<9 { call(&machine, .failure, at: Double(second)) }
    #expect(machine.state == .closed)
    call(&machine, .failure, at: 9)
    #expect(machine.state == .open(until: .s(14)))
  }

  /// The rates forgive as well: what is too old stays as a success.
  @Test func row71_theFailureRateForgives() {
    var machine = Machine(CircuitBreakerPolicy())
    call(&machine, .failure, 19, at: 0)
    call(&machine, .failure, at: Self.threeDays)
    #expect(machine.state == .closed)
    #expect((machine.windowCalls, machine.windowFailures) == (20, 1))
    call(&machine, .failure, 17, at: Self.threeDays)
    #expect(machine.state == .closed)
    call(&machine, .failure, at: Self.threeDays)
    #expect(machine.openings == 1)
  }

  @Test func row71_slowResultsAreForgiven() {
    var machine = Machine(
      CircuitBreakerPolicy(
        window: .count(8, maxAge: .seconds(80)), failureRate: nil,
        slowCalls: .init(threshold: .seconds(1), rate: 0.5), minimumThroughput: 4, openTime: .seconds(5),
        maxOpenTime: .seconds(60), halfOpenPermits: 1))
    for start in [0.0, 40] {
      guard case .admitted(let token) = machine.admit(at: .s(start), draw: 0).decision else { continue }
      _ = machine.record(token, .success, at: .s(start + 2), draw: 0)
    }
    #expect(machine.windowSlow == 2)
    machine.forget(by: .s(90))
    #expect(machine.windowSlow == 1)
    machine.forget(by: .s(120))
    #expect((machine.windowCalls, machine.windowSlow) == (2, 0))
  }

  /// Successes that were counted without the lock are in their place between failures of different ages.
  @Test func row71_onlyWhatIsTooOldIsForgivenInItsPlace() {
    var machine = Machine(
      CircuitBreakerPolicy(
        window: .count(100, maxAge: .seconds(80)), failureRate: 1, openTime: .seconds(5),
        maxOpenTime: .seconds(60), halfOpenPermits: 1))
    call(&machine, .failure, 7, at: 5)
    machine.count(successes: 70)
    call(&machine, .failure, 5, at: 55)
    machine.count(successes: 10)
    call(&machine, .failure, 3, at: 95)
    #expect((machine.windowCalls, machine.windowFailures) == (95, 8))
    machine.count(successes: 30)
    machine.forget(by: .s(140))
    #expect((machine.windowCalls, machine.windowFailures) == (100, 3))
    machine.forget(by: .s(180))
    #expect((machine.windowCalls, machine.windowFailures) == (100, 0))
  }

  @Test(arguments: [40.0, 80, 800])
  func row71_agesOutliveANewPolicy(age: Double) {
    var machine = Machine(Self.fiveInARow(.count(9, maxAge: .seconds(80))))
    call(&machine, .failure, 2, at: 0)
    call(&machine, .failure, 2, at: 50)
    machine.update(CircuitBreakerRules(Self.fiveInARow(.count(50, maxAge: .seconds(age)))))
    #expect(machine.consecutiveFailures == 4)
    if age >= 80 {
      machine.forget(by: .s(80))
      #expect(machine.windowFailures == (age > 80 ? 4 : 2))
    }
    // Counted in other pieces, they may be taken for a piece younger than they are.
    machine.forget(by: .s(60 + age))
    #expect((machine.windowCalls, machine.windowFailures) == (4, 0))
  }

  /// A window of another kind starts empty, and so does the row.
  @Test(arguments: [
    (CircuitBreakerPolicy.Window.time(.seconds(30)), CircuitBreakerPolicy.Window.count(9)),
    (.count(9), .time(.seconds(30))),
  ])
  func row71_theRowBeginsAnewInAWindowOfAnotherKind(
    from: CircuitBreakerPolicy.Window, to: CircuitBreakerPolicy.Window
  ) {
    var machine = Machine(Self.fiveInARow(from))
    call(&machine, .failure, 4, at: 0)
    machine.update(CircuitBreakerRules(Self.fiveInARow(to)))
    call(&machine, .failure, 4, at: 0)
    #expect((machine.state, machine.windowFailures) == (.closed, 4))
    call(&machine, .failure, at: 0)
    #expect(machine.openings == 1)
  }

  @Test func row71_aBreakerThatIsAskedOnceAnHourSaysSo() throws {
    let breaker = CircuitBreaker("report", policy: Self.fiveInARow(.count(100)))
    for hour in 0..<50 { breaker.call(.failure, at: .s(Double(hour) * 3600)) }
    let snapshot = breaker.snapshot(at: .s(49 * 3600 + 1))
    #expect((snapshot.state, snapshot.consecutiveFailures, snapshot.windowFailures) == (.closed, 1, 1))
    #expect(breaker.snapshot(at: .s(50 * 3600)).consecutiveFailures == 0)
  }
}

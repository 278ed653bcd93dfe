import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Whatever a breaker has given for a call comes back on every way out, and each way counts as what it is.
@Suite struct WaysOutTests {
  private struct Refused: Rejection { var retryAt: Instant? { nil } }

  @Test(arguments: WaysOut.all())
  func aPermitComesBack(cell: WaysOut) throws {
    let breaker = cell.makeBreaker()
    let before = breaker.snapshot(at: .s(5))
    var now = Instant.s(5)
    do {
      let permit = try breaker.permit(at: now)
      #expect(permit.isProbe == (cell.holding == .probe))
      if cell.way.isLate {
        now = .s(35)
        cell.makeLate(breaker, at: now)
      }
      switch cell.way {
      case .success, .lateValue: permit.finish(.success, at: now)
      case .failure, .lateFailure: permit.finish(.failure, at: now)
      case .refusal, .cancelled, .cancelledWithAnotherError: permit.finish(.neutral, at: now)
      case .abandoned: break
      }
    }
    #expect(cell.effect(on: breaker, since: before, at: now) == cell.effect)
    #expect(breaker.snapshot(at: now.advanced(by: .seconds(20))).overdueCalls == 0)
  }

  /// A place of the ramp is a share of the calls: whoever took it has had it, and the next one is as far as
  /// it was.
  @Test(arguments: WaysOut.Way.allCases.filter { !$0.isLate })
  func aPlaceOfTheRampIsUsedUp(way: WaysOut.Way) throws {
    let breaker = WaysOut(holding: .ramp, way: way).makeBreaker()
    do {
      let permit = try breaker.permit(at: .s(5))
      switch way {
      case .success, .lateValue: permit.finish(.success, at: .s(5))
      case .failure, .lateFailure: permit.finish(.failure, at: .s(5))
      case .refusal, .cancelled, .cancelledWithAnotherError: permit.finish(.neutral, at: .s(5))
      case .abandoned: break
      }
    }
    var rejected = 0
    while rejected < 100, breaker.rejects(at: .s(5)) { rejected += 1 }
    #expect(rejected == 8)
  }

  @Test(arguments: WaysOut.all(but: [.abandoned]))
  func aCallOfTheDecoratorComesBack(cell: WaysOut) throws {
    try check(cell) { breaker, leaf in
      try await ServiceCall { (_: Int) in try await leaf() }.circuitBreaker(breaker)(1)
    }
  }

  @Test(arguments: WaysOut.all(but: [.abandoned]))
  func aCallInPlaceComesBack(cell: WaysOut) throws {
    try check(cell) { breaker, leaf in try await breaker.run { try await leaf() } }
  }

  private typealias Leaf = @Sendable () async throws -> Void

  private func check(
    _ cell: WaysOut, _ call: @escaping @Sendable (CircuitBreaker, @escaping Leaf) async throws -> Void
  ) throws {
    try Simulation(seed: 1).run { sim in
      let breaker = cell.makeBreaker()
      try await sim.sleep(for: .seconds(5))
      let before = breaker.snapshot()
      let leaf: Leaf = {
        do {
          try await sim.sleep(for: .seconds(1))
        } catch {
          if cell.way == .cancelledWithAnotherError { throw Broken() }
          throw error
        }
        if cell.way.isLate {
          try await sim.sleep(for: .seconds(30))
          cell.makeLate(breaker, at: sim.now)
        }
        switch cell.way {
        case .failure, .lateFailure: throw Broken()
        case .refusal: throw Refused()
        case .success, .lateValue, .cancelled, .cancelledWithAnotherError, .abandoned: break
        }
      }
      await withDiscardingTaskGroup { group in
        group.addTask { try? await call(breaker, leaf) }
        guard cell.way == .cancelled || cell.way == .cancelledWithAnotherError else { return }
        try? await sim.sleep(for: .milliseconds(300))
        group.cancelAll()
      }
      #expect(cell.effect(on: breaker, since: before, at: sim.now) == cell.effect)
      #expect(breaker.snapshot(at: sim.now.advanced(by: .seconds(20))).overdueCalls == 0)
    }
  }
}

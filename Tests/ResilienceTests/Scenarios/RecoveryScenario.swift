import Foundation
import Resilience
import ResilienceTestKit
import Testing

/// **Back, at half of its size.**
///
/// A destination that can do 50 calls a second is asked for 40. It dies for a minute. When it is back, one
/// half of its machines is still starting: for another minute it can do 25. A breaker that closes at once
/// sends it all 40: within two seconds its queue is longer than anybody waits, everything fails, and the
/// breaker has opened again; what it was sent meanwhile was work for nobody. This goes on until the other
/// half is there. With a ramp the share of calls grows with the destination, and it is never knocked over.
@Suite struct RecoveryScenario {
  struct Figures: Equatable {
    /// How often the breaker opened for calls that it had let in, probes apart, after the destination was
    /// back.
    var knockedOver = 0
    /// Of the 2400 calls in the minute at half size: answered in time, work for nobody, and turned away.
    var answered = 0
    var wasted = 0
    var rejected = 0
    /// Calls answered in each second.
    var goodput: [Int] = []
  }

  static func play(rampTime: Duration, seed: UInt64) throws -> Figures {
    try Simulation(seed: seed).run { simulation in
      let service = SimulatedService<Void, Void>(
        "stock", workers: 5, queueLimit: 1000, latency: .constant(.milliseconds(100)),
        faults: [
          .down(during: .seconds(60) ..< .seconds(120)),
          .slow(by: 2, during: .seconds(120) ..< .seconds(180)),
        ]
      ) {}
      let knocks = Log<Instant>()
      let breaker = CircuitBreaker(
        "stock",
        policy: CircuitBreakerPolicy(
          openTime: .seconds(5), maxOpenTime: .seconds(5), halfOpenPermits: 1, rampTime: rampTime),
        onEvent: { event in
          if case .opened(let reason, _, _, _, _) = event.kind, reason != .probes {
            knocks.append(event.instant)
          }
        })
      let call = service.timeout(.seconds(1)).circuitBreaker(breaker)
      return await withTaskGroup { group in
        group.addTask {
          await withDiscardingTaskGroup { callers in
            for _ in 0..<(40 * 300) {
              callers.addTask { try? await call() }
              try? await simulation.sleep(for: .milliseconds(25))
            }
          }
        }
        var seconds = [(answered: 0, wasted: 0, rejected: 0)]
        for _ in 0..<300 {
          try? await simulation.sleep(for: .seconds(1))
          let (service, breaker) = (service.snapshot(), breaker.snapshot())
          seconds.append((service.completedInTime, service.wasted, breaker.rejections))
        }
        group.cancelAll()
        return Figures(
          knockedOver: knocks.entries.count { $0 >= Instant(nanoseconds: 120_000_000_000) },
          answered: seconds[180].answered - seconds[120].answered,
          wasted: seconds[180].wasted - seconds[120].wasted,
          rejected: seconds[180].rejected - seconds[120].rejected,
          goodput: zip(seconds.dropFirst(), seconds).map { $0.answered - $1.answered })
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func withoutARampItIsKnockedOverAgainAndAgain(seed: UInt64) throws {
    let figures = try Self.play(rampTime: .zero, seed: seed)
    #expect(figures.goodput[2..<58].allSatisfy { $0 >= 39 }, "was not well before: \(figures.goodput)")
    #expect(figures.knockedOver >= 2)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func withARampItIsNot(seed: UInt64) throws {
    let figures = try Self.play(rampTime: .seconds(120), seed: seed)
    #expect(figures.goodput[62..<118].allSatisfy { $0 == 0 }, "there was no outage: \(figures.goodput)")
    #expect(figures.knockedOver == 0)
    #expect(figures.wasted == 0)
    #expect(figures.goodput[260..<298].allSatisfy { $0 >= 39 }, "is not back: \(figures.goodput)")
  }

  @Test func theFiguresInTheDocumentationAreThese() throws {
    let path = "Sources/ResilienceCircuitBreaker/Policy/CircuitBreakerPolicy.swift"
    let page = try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8)
    for (name, rampTime) in [("none", Duration.zero), ("120 s", .seconds(120))] {
      let figures = try Self.play(rampTime: rampTime, seed: 1)
      let prefix = "/// | \(name) |"
      let row = try #require(page.split(separator: "\n").first { $0.contains(prefix) })
      let written = row.split(separator: "|").dropFirst(2).compactMap { Double($0.filter(\.isNumber)) }
      let played = [figures.knockedOver, figures.answered, figures.wasted, figures.rejected].map(Double.init)
      // Within a twentieth: which of two events of one instant comes first belongs to the build.
      let agree = written.count == 4 && zip(written, played).allSatisfy { abs($0 - $1) <= $1 / 20 }
      #expect(agree, "the page says \(row), played was \(played)")
    }
  }
}

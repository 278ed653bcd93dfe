import Resilience
import Testing

@testable import shop

@Suite struct BreakerLogTests {
  private func at(_ second: Int64) -> Instant { Instant(nanoseconds: second * 1_000_000_000) }

  @Test func aBreakerIsHalfOpenFromTheEndOfItsOpenTimeOn() {
    var log = BreakerLog()
    func tell(_ kind: CircuitBreakerEvent.Kind, _ second: Int64) {
      log.record(CircuitBreakerEvent(breaker: "bank", kind: kind, instant: at(second)))
    }
    tell(.opened(reason: .failureRate, failures: 5, slow: 0, calls: 5, until: at(25)), 10)
    tell(.halfOpened, 30)
    tell(.opened(reason: .probes, failures: 1, slow: 0, calls: 1, until: at(50)), 35)
    tell(.recovering(until: at(60)), 55)
    tell(.closed, 60)
    let stretches = log.stretches(of: "bank", until: at(100))
    #expect(stretches.map(\.phase) == [.open, .halfOpen, .open, .halfOpen, .recovering])
    #expect(stretches.map(\.seconds) == [15, 10, 15, 5, 5])
    #expect(log.stretches(of: "bank", until: at(12)).map(\.seconds) == [2])
    #expect(log.stretches(of: "other", until: at(100)) == [])
  }

  @Test func whatComesEarlierThanExpectedIsBelieved() {
    var log = BreakerLog()
    log.record(
      CircuitBreakerEvent(
        breaker: "bank",
        kind: .opened(reason: .failureRate, failures: 5, slow: 0, calls: 5, until: at(25)), instant: at(10)))
    log.record(CircuitBreakerEvent(breaker: "bank", kind: .closed, instant: at(20)))
    #expect(log.stretches(of: "bank", until: at(100)).map(\.seconds) == [10])
  }
}

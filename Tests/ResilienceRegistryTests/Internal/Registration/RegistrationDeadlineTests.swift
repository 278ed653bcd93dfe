import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct RegistrationDeadlineTests {
  /// A registration has one entry, however often its lease is renewed; one that is gone has none.
  @Test func thousandsOfRegistrationsThatComeAndGoLeaveNothing() {
    var table = RegistrationTable(service: "inventory")
    for round in 0..<5_000 as Range<Int64> {
      let now = Instant(nanoseconds: round)
      _ = table.register(instance("a\(round)"), ttlNanoseconds: 1_000_000, at: now)
      _ = table.deregister("a\(round)", epoch: nil, at: now)
    }
    #expect(table.deadlines.count == 0)
    let (epoch, _) = table.register(instance("b"), ttlNanoseconds: 10, at: Instant(nanoseconds: 5_000))
    for round in 5_000..<10_000 as Range<Int64> {
      let now = Instant(nanoseconds: round)
      _ = table.expire(at: now)
      _ = table.renew("b", epoch: epoch, at: now)
      _ = table.report(
        .healthy, of: "b", epoch: epoch, from: .observer("calls"), until: now.advanced(byNanoseconds: 5))
    }
    #expect(table.deadlines.count == 1)
    #expect(table.members.count == 1)
    // The same id again: the registration before it has no entry any more.
    _ = table.register(instance("b"), ttlNanoseconds: 10, at: Instant(nanoseconds: 10_000))
    #expect(table.deadlines.count == 1)
  }
}

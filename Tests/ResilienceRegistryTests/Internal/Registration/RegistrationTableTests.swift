import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct RegistrationTableTests {
  private func table(_ ids: String..., ttl: Int64 = 10) -> RegistrationTable {
    var table = RegistrationTable(service: "inventory")
    for id in ids { _ = table.register(instance(id), ttlNanoseconds: ttl, at: Instant(nanoseconds: 0)) }
    return table
  }

  @Test(arguments: [(0, true), (9, true), (10, false), (11, false)] as [(Int64, Bool)])
  func aLeaseIsOverAtItsOwnInstant(now: Int64, isListed: Bool) {
    var table = table("a")
    _ = table.expire(at: Instant(nanoseconds: now))
    #expect(table.members.isEmpty == !isListed)
  }

  @Test func membersAreInTheOrderOfTheirIDs() {
    #expect(table("c", "a", "d", "b").members.map(\.instance.id) == ["a", "b", "c", "d"])
  }

  @Test func aRenewalHoldsFromWhenItIsMade() {
    var table = table("a")
    #expect(
      table.renew("a", epoch: 1, at: Instant(nanoseconds: 4)).renewal
        == .renewed(until: Instant(nanoseconds: 14)))
    #expect(table.expire(at: Instant(nanoseconds: 13)).isEmpty)
    #expect(table.expire(at: Instant(nanoseconds: 14)).map(\.name) == ["registry.expired"])
    #expect(table.renew("a", epoch: 1, at: Instant(nanoseconds: 14)).renewal == .lost)
  }

  @Test func aRenewalThatArrivesLateDoesNotShortenTheLease() {
    var table = table("a")
    _ = table.renew("a", epoch: 1, at: Instant(nanoseconds: 8))
    #expect(
      table.renew("a", epoch: 1, at: Instant(nanoseconds: 5)).renewal
        == .renewed(until: Instant(nanoseconds: 18)))
  }

  @Test func whatAnOperatorSaidEndsAnHourAfterTheLastRegistrationAndNotBefore() {
    let hour = RegistrationTable.overrideMemoryNanoseconds
    for (back, state) in [(hour, InstanceState.outOfService), (hour + 1, .inService)] {
      var table = table("a", "b")
      _ = table.override(.outOfService, of: "a")
      _ = table.deregister("a", epoch: nil, at: Instant(nanoseconds: 1))
      // It came back and left again meanwhile: the last time counts.
      _ = table.register(instance("a"), ttlNanoseconds: 10, at: Instant(nanoseconds: 1))
      _ = table.deregister("a", epoch: nil, at: Instant(nanoseconds: 1))
      _ = table.register(instance("a"), ttlNanoseconds: 10, at: Instant(nanoseconds: back))
      #expect(table.members.first { $0.instance.id == "a" }?.state == state)
    }
  }

  @Test func whatIsRememberedOfIDsThatAreGoneIsBounded() {
    var table = table()
    for number in 0..<2_000 as Range<Int64> {
      let now = Instant(nanoseconds: number)
      _ = table.register(instance("a\(number)"), ttlNanoseconds: 10, at: now)
      _ = table.override(.outOfService, of: "a\(number)")
      _ = table.deregister("a\(number)", epoch: nil, at: now)
    }
    #expect(table.overrides.count == 2_000)
    let later = Instant(nanoseconds: RegistrationTable.overrideMemoryNanoseconds + 999)
    for _ in 0..<10_000 {
      _ = table.register(instance("a1500"), ttlNanoseconds: 10, at: later)
      _ = table.deregister("a1500", epoch: nil, at: later)
    }
    #expect(table.overrides.count == 1_000)
    #expect(table.overrideEnds.count <= 2 * 1_000 + 64)
    let end = later.advanced(byNanoseconds: RegistrationTable.overrideMemoryNanoseconds)
    _ = table.register(instance("b"), ttlNanoseconds: 10, at: end)
    #expect(table.overrides.isEmpty)
    #expect(table.overrideEnds.count == 0)
  }

  @Test func theVersionGrowsWithWhatASnapshotShowsAndNothingElse() {
    var table = table("a", "b")
    #expect(table.version == 2)
    _ = table.renew("a", epoch: 1, at: Instant(nanoseconds: 1))
    _ = table.report(.unknown, of: "a", epoch: 1)
    _ = table.deregister("c", epoch: nil, at: Instant(nanoseconds: 1))
    #expect(table.version == 2)
    _ = table.report(.healthy, of: "a", epoch: 1)
    #expect(table.version == 3)
    _ = table.expire(at: Instant(nanoseconds: 10))
    #expect(table.version == 4)
    #expect(table.members.map(\.instance.id) == ["a"])
  }

  @Test func anEarlierRegistrationCanTouchNothing() {
    var table = table("a")
    let (epoch, _) = table.register(instance("a"), ttlNanoseconds: 10, at: Instant(nanoseconds: 5))
    #expect(epoch == 2)
    #expect(table.renew("a", epoch: 1, at: Instant(nanoseconds: 6)).renewal == .superseded)
    #expect(table.deregister("a", epoch: 1, at: Instant(nanoseconds: 6)).isEmpty)
    #expect(table.report(.unhealthy, of: "a", epoch: 1) == nil)
    #expect(Array(table.members) == [ServiceMember(instance: instance("a"), epoch: 2, health: .unknown)])
  }

  @Test func panicIsWhenAllAreUnhealthyAndThereAreAny() {
    var table = table("a", "b")
    #expect(table.report(.unhealthy, of: "a", epoch: 1)?.map(\.name) == ["registry.health_changed"])
    #expect(
      table.report(.unhealthy, of: "b", epoch: 2)?.map(\.description) == [
        "registry.health_changed service=inventory instance=b health=unhealthy previous_health=unknown",
        "registry.panic_began service=inventory instances=2",
      ])
    #expect(table.report(.healthy, of: "a", epoch: 1)?.last?.name == "registry.panic_ended")
    #expect(
      table.deregister("a", epoch: nil, at: Instant(nanoseconds: 6)).last?.name == "registry.panic_began")
    #expect(
      table.deregister("b", epoch: nil, at: Instant(nanoseconds: 6)).last?.name == "registry.panic_ended")
  }
}

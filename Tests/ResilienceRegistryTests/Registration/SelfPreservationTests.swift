import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct SelfPreservationTests {
  private let policy = SelfPreservation(
    maxLapsedShare: 0.15, window: .seconds(30), minInstances: 20, duration: .seconds(300))

  /// Instances 0 ..< 100 with leases of 90 s, of which those that `live` says renew every 30 s.
  private func table(_ policy: SelfPreservation?, count: Int = 100) -> RegistrationTable {
    var table = RegistrationTable(service: "inventory", selfPreservation: policy)
    for number in 0..<count {
      _ = table.register(instance("\(number)"), ttlNanoseconds: 90_000_000_000, at: seconds(0))
    }
    return table
  }

  private func renew(_ table: inout RegistrationTable, at now: Instant, where lives: (Int) -> Bool) {
    for member in table.members where lives(Int(member.instance.id) ?? 0) {
      _ = table.renew(member.instance.id, epoch: member.epoch, at: now)
    }
  }

  @Test func row47_aFifthThatDiesTogetherIsKeptAsSuspectsAndDroppedAfterAWhile() {
    var table = table(policy)
    var events: [RegistryEvent] = []
    for second in stride(from: 30, through: 389, by: 1) as StrideThrough<Int64> {
      events += table.expire(at: seconds(second))
      if second.isMultiple(of: 30) { renew(&table, at: seconds(second)) { $0 >= 20 } }
      #expect(table.members.count == 100, "at \(second) s")
      #expect(table.counts.suspect == (second < 90 ? 0 : 20), "at \(second) s")
    }
    #expect(events.count { $0.name == "registry.suspected" } == 20)
    #expect(
      events.last?.description == "registry.preservation_began service=inventory suspects=20 instances=100")
    let dropped = table.expire(at: seconds(390))
    #expect(table.members.count == 80 && table.counts.suspect == 0)
    #expect(dropped.count { $0.name == "registry.expired" } == 20)
    #expect(dropped.last?.name == "registry.preservation_ended")
  }

  @Test func row47_suspectsThatRenewAreTrustedAgain() {
    var table = table(policy)
    renew(&table, at: seconds(60)) { $0 >= 50 }
    _ = table.expire(at: seconds(100))
    #expect(table.counts.suspect == 50)
    let epoch = table.members.member(withID: "7")?.epoch ?? 0
    let (renewal, events) = table.renew("7", epoch: epoch, at: seconds(110))
    #expect(renewal == .renewed(until: seconds(200)))
    #expect(events.map(\.name) == ["registry.reinstated"])
    renew(&table, at: seconds(120)) { _ in true }
    #expect(table.counts.suspect == 0)
    #expect(table.members.allSatisfy { !$0.isSuspect })
    // Trusted means: the next lease ends as any other.
    renew(&table, at: seconds(200)) { $0 != 7 }
    #expect(table.expire(at: seconds(210)).map(\.name) == ["registry.expired"])
  }

  /// The share is of what is leased now, and who says goodbye is not missed.
  @Test func row47_aServiceThatWasMadeSmallerIsJudgedByItsNewSize() {
    var table = table(policy)
    for number in 0..<60 { _ = table.deregister("\(number)", epoch: nil, at: seconds(1)) }
    renew(&table, at: seconds(60)) { $0 >= 64 }
    // Four of forty: 10 %.
    #expect(table.expire(at: seconds(90)).count { $0.name == "registry.expired" } == 4)
    #expect(table.members.count == 36 && table.counts.suspect == 0)
  }

  @Test func lapsesThatCloselyFollowCountTogether() {
    var table = table(policy)
    // One after the other stops, a second apart, in the order of the numbers.
    for number in 0..<100 {
      let epoch = table.members.member(withID: "\(number)")?.epoch ?? 0
      _ = table.renew("\(number)", epoch: epoch, at: seconds(Int64(number)))
    }
    for second in 90..<130 as Range<Int64> { _ = table.expire(at: seconds(second)) }
    // 15 are believed, the rest is kept.
    #expect(table.members.count == 85)
    #expect(table.counts.suspect == 25)
  }

  @Test func lapsesFarApartAreBelievedEach() {
    var table = table(policy)
    for number in 0..<20 {
      let epoch = table.members.member(withID: "\(number)")?.epoch ?? 0
      _ = table.renew("\(number)", epoch: epoch, at: seconds(Int64(number) * 20))
    }
    renew(&table, at: seconds(1000)) { $0 >= 20 }
    for second in 90..<600 as Range<Int64> { _ = table.expire(at: seconds(second)) }
    #expect(table.members.count == 80)
  }

  @Test(arguments: [(19, 0), (20, 20)])
  func fewInstancesAreBelieved(count: Int, kept: Int) {
    var table = table(policy, count: count)
    _ = table.expire(at: seconds(90))
    #expect(table.members.count == kept)
  }

  @Test func withoutAPolicyEveryLapseIsBelieved() {
    var table = table(nil)
    _ = table.expire(at: seconds(90))
    #expect(table.members.isEmpty)
  }

  /// The process was suspended for an hour: the first look finds every lease over, and the heartbeats come a
  /// moment later.
  @Test func aProcessThatWasSuspendedFindsItsInstancesWhenItWakesUp() async throws {
    let clock = ManualClock()
    let registry = ServiceRegistry()
    let leases = (0..<50).map { registry.register(instance("\($0)"), ttl: .seconds(90), at: clock.now) }
    clock.advance(by: .seconds(3600))
    #expect(registry.instances(of: "inventory", at: clock.now).members.count == 50)
    for lease in leases { lease.renew(at: clock.now.advanced(by: .seconds(1))) }
    let members = registry.instances(of: "inventory", at: clock.now.advanced(by: .seconds(2))).members
    #expect(members.count == 50 && members.allSatisfy { !$0.isSuspect })
  }
}

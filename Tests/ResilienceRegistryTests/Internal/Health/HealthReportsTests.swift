import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct HealthReportsTests {
  private let check = HealthSource.checks("check")
  private let calls = HealthSource.observer("calls")
  private let other = HealthSource.observer("other")
  private let never = Deadline.never.instant

  @Test func theWorstOfSeveralSourcesCountsAndEachTakesBackItsOwn() {
    var reports = HealthReports(initial: .unknown)
    reports.note(.healthy, from: check, until: never)
    reports.note(.unhealthy, from: calls, until: never)
    reports.note(.healthy, from: other, until: never)
    #expect(reports.status == .unhealthy)
    reports.note(.unknown, from: other, until: never)
    #expect(reports.status == .unhealthy)
    reports.note(.unknown, from: calls, until: never)
    #expect(reports.status == .healthy)
    reports.note(.unknown, from: check, until: never)
    #expect(reports.status == .unknown)
  }

  @Test func aCheckThatPassesOverrulesObserversAndNoOtherCheck() {
    var reports = HealthReports(initial: .unknown)
    reports.note(.unhealthy, from: calls, until: never)
    reports.note(.unhealthy, from: .checks("another"), until: never)
    reports.note(.healthy, from: check, until: never)
    #expect(reports.status == .unhealthy)
    reports.note(.unknown, from: .checks("another"), until: never)
    #expect(reports.status == .healthy)
  }

  @Test func aReportEndsWhenItSaidSo() {
    var reports = HealthReports(initial: .unknown)
    reports.note(.unhealthy, from: calls, until: seconds(30))
    reports.note(.healthy, from: other, until: seconds(40))
    #expect(reports.end == seconds(30))
    reports.expire(at: Instant(nanoseconds: 29_999_999_999))
    #expect(reports.status == .unhealthy)
    reports.expire(at: seconds(30))
    #expect(reports.status == .healthy)
    reports.expire(at: seconds(40))
    #expect(reports.status == .unknown)
    #expect(reports.end == never)
  }

  @Test func whatItWasRegisteredWithHoldsUntilTheFirstCheck() {
    var reports = HealthReports(initial: .unhealthy)
    #expect(reports.status == .unhealthy)
    reports.note(.healthy, from: check, until: never)
    reports.note(.unknown, from: check, until: never)
    #expect(reports.status == .unknown)
  }

  @Test func sourcesThatNeverEndDoNotPileUp() {
    var reports = HealthReports(initial: .unknown)
    for number in 0..<1000 { reports.note(.unhealthy, from: .observer("\(number)"), until: never) }
    for number in 984..<1000 { reports.note(.unknown, from: .observer("\(number)"), until: never) }
    #expect(reports.status == .unknown)
  }

  @Test func theRegistryShowsTheEndOfAReportAtItsInstant() throws {
    try Simulation(seed: 1).run { sim in
      let events = EventRecorder()
      let registry = ServiceRegistry { events.record($0) }
      registry.register(ids: "a")
      let member = registry.instances(of: "inventory").members[0]
      registry.report(.unhealthy, of: member, from: .observer("calls"), validFor: .seconds(30))
      var watch = registry.watch("inventory").makeAsyncIterator()
      #expect(await watch.next()?.members.map(\.health) == [.unhealthy])
      #expect(await watch.next()?.members.map(\.health) == [.unknown])
      #expect(sim.now == seconds(30))
      #expect(
        events.descriptions.filter { $0.contains("health_changed") } == [
          "registry.health_changed service=inventory instance=a health=unhealthy previous_health=unknown "
            + "health_source=calls",
          "registry.health_changed service=inventory instance=a health=unknown previous_health=unhealthy",
        ])
    }
  }

  /// A watcher waits for the lease of ninety seconds when the report comes that ends in one.
  @Test func aReportThatEndsSoonerThanAnythingElseIsSeenInTime() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(instance("a"), ttl: .seconds(90))
      let member = registry.instances(of: "inventory").members[0]
      registry.report(.unhealthy, of: member, from: .observer("one"), validFor: .seconds(50))
      let seen = Log<String>()
      await withTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            for await snapshot in registry.watch("inventory").prefix(2) where snapshot.version > 2 {
              seen.append("\(sim.now) \(snapshot.members.map(\.health))")
            }
          }
        }
        try? await sim.sleep(for: .seconds(10))
        // Changes nothing now, and the end of everything soon.
        registry.report(.unknown, of: member, from: .observer("nobody"), validFor: .seconds(1))
        registry.report(.unhealthy, of: member, from: .observer("two"), validFor: .seconds(1))
        registry.report(.unknown, of: member, from: .observer("one"))
        await group.waitForAll()
      }
      #expect(seen.entries.count == 3)
      #expect(Set(seen.entries).count == 1)
      #expect(sim.now == seconds(11))
    }
  }
}

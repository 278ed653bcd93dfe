import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct ServiceNamesTests {
  @Test func row81_askingForUnknownNamesMakesNothing() {
    let registry = ServiceRegistry()
    for number in 0..<10_000 {
      #expect(registry.instances(of: "unknown \(number)").members.isEmpty)
      #expect(registry.deregister("a", of: "unknown \(number)") == false)
    }
    // Before a snapshot clears away what is empty.
    #expect(registry.serviceCount == 0)
    registry.register(ids: "a")
    for member in registry.instances(of: "inventory").members {
      registry.deregister("a", of: "inventory")
      #expect(registry.report(.healthy, of: member) == false)
    }
    #expect(registry.snapshot().services == [])
    #expect(registry.snapshot().metrics == [])
  }

  @Test func row81_anEmptyServiceNobodyHoldsGoes() {
    let registry = ServiceRegistry()
    do {
      let lease = registry.register(instance("a"))
      lease.deregister()
      #expect(registry.snapshot().services.map(\.name) == ["inventory"])
    }
    #expect(registry.snapshot().services == [])
    let balancer = registry.service("inventory").balancer()
    #expect(registry.snapshot().services.map(\.name) == ["inventory"])
    registry.register(ids: "a")
    let picked = balancer.pick(at: seconds(0))?.instance.id
    #expect(picked == "a")
  }

  /// Without anybody who looks: names that come with data must not pile up.
  @Test func row81_servicesThatComeAndGoDoNotPileUp() {
    let registry = ServiceRegistry()
    for number in 0..<10_000 {
      registry.register(instance("a", of: "service \(number)")).deregister()
    }
    #expect(registry.serviceCount < 200)
  }

  @Test func row82_namesAreBytes() {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
    #expect(composed == decomposed)
    let registry = ServiceRegistry()
    registry.register(ids: composed, decomposed, "cafe", "caff")
    let members = registry.instances(of: "inventory").members
    #expect(members.count == 4)
    #expect(Set(members.map(\.instance)).count == 4)
    #expect(members.member(withID: composed)?.epoch != members.member(withID: decomposed)?.epoch)
    registry.report(.unhealthy, of: members[members.startIndex])
    #expect(registry.instances(of: "inventory").members.count { $0.health == .unhealthy } == 1)
    registry.set(.draining, of: composed, service: "inventory")
    #expect(registry.instances(of: "inventory").members.count { $0.state == .draining } == 1)
    #expect(registry.deregister(decomposed, of: "inventory"))
    #expect(registry.instances(of: "inventory").members.member(withID: composed)?.state == .draining)

    registry.register(instance("a", of: composed))
    registry.register(instance("b", of: decomposed))
    #expect(registry.instances(of: composed).ids == ["a"])
    #expect(registry.instances(of: decomposed).ids == ["b"])
    #expect(registry.snapshot().services.count == 3)
  }

  @Test func aNameFromOutsideThatIsEmptyIsAnErrorThatNamesTheField() {
    #expect(throws: InvalidSetting(field: "service", value: "", requirement: "not empty")) {
      try ServiceRegistry().service(named: "")
    }
    #expect(throws: Never.self) { try ServiceRegistry().service(named: "inventory") }
  }

  @Test(arguments: [Duration.zero, .seconds(-1), .nanoseconds(Int64.min)])
  func aLeaseOfNoTimeIsAnErrorThatNamesTheField(ttl: Duration) async {
    let registry = ServiceRegistry()
    let fault = await #expect(throws: InvalidSetting.self) {
      try await registry.withLease(instance("a"), ttl: ttl) { Issue.record("it ran") }
    }
    #expect(fault?.field == "ttl" && fault?.requirement == "more than 0s")
  }

  @Test(arguments: [
    (Double.nan, 0), (-1, 0), (-.infinity, 0), (.infinity, 1_000_000), (1e9, 1_000_000), (0.5, 0.5), (0, 0),
  ])
  func aWeightFromOutsideIsClamped(weight: Double, clamped: Double) {
    #expect(ServiceInstance(id: "a", service: "inventory", weight: weight).weight == clamped)
  }
}

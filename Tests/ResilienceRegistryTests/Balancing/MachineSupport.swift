import ResilienceCore

@testable import ResilienceRegistry

/// Members of the service "inventory", with epochs from 1 in their order.
func members(
  _ ids: [String], weights: [Double] = [], zones: [String?] = [], health: HealthStatus = .healthy
) -> [ServiceMember] {
  ids.enumerated().map { index, id in
    ServiceMember(
      instance: ServiceInstance(
        id: id, service: "inventory", zone: index < zones.count ? zones[index] : nil,
        weight: index < weights.count ? weights[index] : 1),
      epoch: UInt64(index + 1), health: health)
  }
}

func numbered(_ count: Int) -> [String] { (0..<count).map { "i\(1000 + $0)" } }

/// A machine, what surrounds it in a balancer, and chance from a seed.
struct TestMachine {
  var machine: BalancerStateMachine
  var now: Int64 = 0
  private(set) var events: [BalancerEvent] = []
  let random: SeededRandomSource

  init(_ policy: BalancingPolicy, _ members: [ServiceMember] = [], seed: UInt64 = 1) {
    machine = BalancerStateMachine(service: "inventory", policy: policy)
    random = SeededRandomSource(seed: seed)
    if !members.isEmpty { update(members) }
  }

  init(_ strategy: BalancingStrategy, _ members: [ServiceMember] = [], seed: UInt64 = 1) {
    self.init(BalancingPolicy(strategy), members, seed: seed)
  }

  mutating func update(_ members: [ServiceMember], version: UInt64? = nil) {
    guard let roster = machine.beginFollowing(draw: random.next()) else { return }
    let snapshot = ServiceSnapshot(
      service: "inventory", version: version ?? machine.version + 1, members: members)
    events += machine.follow(roster.update(to: snapshot), at: now, draw: 0) ?? []
    plan()
  }

  mutating func plan() {
    guard let source = machine.beginPlanning() else { return }
    _ = machine.finishPlanning(BalancingPlan(source))
  }

  mutating func select(callID: UInt64 = 0, attempt: UInt16 = 1, key: String? = nil) -> Selection? {
    sweep()
    plan()
    return machine.select(
      PickRequest(
        now: now, callID: callID, attempt: attempt, key: Balancer.hash(of: key), draw: random.next()))
  }

  mutating func pick(callID: UInt64 = 0, attempt: UInt16 = 1, key: String? = nil) -> String? {
    id(select(callID: callID, attempt: attempt, key: key))
  }

  /// A pick that is given back at once.
  mutating func call(succeeded: Bool? = nil, taking nanoseconds: Int64 = 0, key: String? = nil) -> String? {
    guard let selection = select(key: key) else { return nil }
    let id = id(selection)
    now += nanoseconds
    if let succeeded { record(succeeded, selection) }
    machine.release(selection)
    return id
  }

  mutating func record(_ succeeded: Bool, _ selection: Selection) {
    events += machine.record(succeeded: succeeded, of: selection, at: now)
  }

  mutating func sweep() {
    guard let rules = machine.rules.outliers, let size = machine.sweepSize(at: now),
      let counts = machine.beginSweep(at: now, [OutcomeCount](repeating: OutcomeCount(), count: size))
    else { return }
    events += machine.finishSweep(
      OutlierSweep(rules: rules).outliers(in: counts, draw: random.next()), at: now)
  }

  func id(_ selection: Selection?) -> String? {
    selection.flatMap { machine.members[$0.slot]?.instance.id }
  }

  /// How often each one is called in so many calls.
  mutating func shares(_ count: Int, key: (Int) -> String? = { _ in nil }) -> [String: Int] {
    var shares: [String: Int] = [:]
    for number in 0..<count {
      if let id = call(key: key(number)) { shares[id, default: 0] += 1 }
    }
    return shares
  }

  func inFlight(_ id: String) -> Int {
    machine.members.indices.filter { machine.members[$0]?.instance.id == id }
      .reduce(0) { $0 + machine.slots[$1].inFlight }
  }

  var ejected: Set<String> {
    Set(machine.ejected.compactMap { machine.members[$0]?.instance.id })
  }
}

extension [ServiceMember] {
  func with(_ health: HealthStatus, _ ids: String...) -> [ServiceMember] {
    map { member in
      guard ids.contains(member.instance.id) else { return member }
      var member = member
      member.health = health
      return member
    }
  }

  func without(_ ids: String...) -> [ServiceMember] { filter { !ids.contains($0.instance.id) } }

  /// As registered again: another epoch.
  func again(_ id: String, epoch: UInt64) -> [ServiceMember] {
    map { $0.instance.id == id ? ServiceMember(instance: $0.instance, epoch: epoch, health: .healthy) : $0 }
  }
}

import ArgumentParser

extension FaultOptions {
  /// What has to be there before the processes start.
  ///
  /// - Parameter engines: Those beside the shop's own.
  func equipment(_ engines: [Engine]) -> FaultEquipment {
    var equipment = FaultEquipment(
      isIsolated: !(cut + reset).isEmpty, smallDisks: Set(diskFull), clocks: Set(clock.map(\.name)))
    guard everyFault else { return equipment }
    if FaultEquipment.whyNoNetwork == nil { equipment.isIsolated = true }
    let keeper = SupervisorPlan.eventKeeper(engines)
    // What forgets all has no use for a disk.
    if FaultEquipment.whyNoDisk == nil, !SupervisorPlan.forgetsAll(keeper) {
      equipment.smallDisks.insert(keeper)
    }
    if FaultEquipment.whyNoClock == nil {
      equipment.clocks.formUnion(StorefrontServices.all.map { $0.name } + [SupervisorPlan.hub])
    }
    return equipment
  }

  /// What is to happen, in order.
  ///
  /// - Throws: `ValidationError` for what there is not.
  func faults(on plan: SupervisorPlan) throws -> [DayFaults.Fault] {
    let names = (plan.below + plan.services).map(\.name)
    let keepers = plan.below.map(\.name)
    let named =
      stop + away + clock.map(\.name) + (cut + reset).flatMap { [$0.one, $0.other] }
    try Self.check(named, among: names, "process")
    try Self.check(empty, among: keepers, "process that keeps events or the registry")
    // Etcd has taken the room for its next 64 MB beforehand.
    let folders = (plan.below + plan.services).map(\.service)
      .filter { $0 != Engine.etcd.rawValue && !SupervisorPlan.forgetsAll($0) }
    try Self.check(diskFull, among: folders, "process with a disk that can be filled")
    if let engine = clock.first(where: { Engine(rawValue: $0.name) != nil }) {
      throw ValidationError("the clock of \(engine.name) cannot be set, only those of the shop's processes")
    }
    let killed = names.filter { !SupervisorPlan.forgetsAll($0) }
    var faults = killEach || everyFault ? killed.map { DayFaults.Fault.kill($0) } : []
    faults += stop.map { .stop($0) } + away.map { .away($0) } + empty.map { .empty($0) }
    faults += cut.map { .cut($0.one, $0.other, .silent) } + reset.map { .cut($0.one, $0.other, .resetting) }
    faults += diskFull.map { .fillDisk($0) } + clock.map { .setClock($0.name, ahead: $0.ahead) }
    if everyFault { faults += Self.allBesideKills(on: plan) }
    return faults + (killAtRandom > 0 ? [.killAtRandom(times: killAtRandom)] : [])
  }

  /// Kinds of faults that are left out, and why.
  var skipped: [String] {
    guard everyFault else { return [] }
    return [
      FaultEquipment.whyNoNetwork.map { "network cuts: \($0)" },
      FaultEquipment.whyNoDisk.map { "full disks: \($0)" },
      FaultEquipment.whyNoClock.map { "clocks: \($0)" },
    ].compactMap(\.self)
  }

  private static func check(_ given: [String], among known: [String], _ what: String) throws {
    for name in given where !known.contains(name) {
      throw ValidationError("there is no \(what) \"\(name)\"; there are \(known.joined(separator: ", "))")
    }
  }

  /// Whether a service has to do with one that keeps events, limits or the registry, so that a cut is felt.
  private static func isNeeded(_ keeper: String, by service: String, of keepers: [String]) -> Bool {
    switch Engine(rawValue: keeper) {
    case .redis where keepers.contains(Engine.kafka.rawValue): service == Payments.name
    case .redis, .kafka: !StorefrontServices.withoutEvents.contains(service)
    case .etcd, nil: true
    }
  }

  private static func allBesideKills(on plan: SupervisorPlan) -> [DayFaults.Fault] {
    let (keepers, names) = (plan.below.map(\.name), (plan.below + plan.services).map(\.name))
    // One that forgets all is emptied then.
    let away = keepers.filter { !SupervisorPlan.forgetsAll($0) }
    var faults =
      names.map { DayFaults.Fault.stop($0) } + away.map { .away($0) } + keepers.map { .empty($0) }
    if plan.network != nil {
      // One of each service is enough.
      let first = Dictionary(plan.services.map { ($0.service, $0.name) }) { first, _ in first }
      for type in StorefrontServices.all {
        guard let name = first[type.name] else { continue }
        faults += type.calls.compactMap { first[$0] }.map { .cut(name, $0, .silent) }
        faults += keepers.filter { isNeeded($0, by: type.name, of: keepers) }.map { .cut(name, $0, .silent) }
      }
      faults += [("gateway", Orders.name)].compactMap { one, other in
        first[other].map { .cut(one, $0, .resetting) }
      }
    }
    faults += plan.equipment.smallDisks.sorted().map { .fillDisk($0) }
    for name in names where plan.equipment.clocks.contains(name) {
      faults += [.setClock(name, ahead: 3600), .setClock(name, ahead: -3600)]
    }
    return faults
  }
}

import ArgumentParser
import Testing

@testable import storefront

/// What a day's faults are asked for with.
@Suite struct FaultOptionsTests {
  @Test func faultsAreAskedForByName() throws {
    let faults = try faults([
      "--stop", "carts", "--away", "hub", "--empty", "hub", "--kill-at-random", "2",
    ])
    #expect(faults == [.stop("carts"), .away("hub"), .empty("hub"), .killAtRandom(times: 2)])
    var options = try FaultOptions.parse([])
    options.cut = [try #require(.init(argument: "gateway:orders"))]
    options.reset = [try #require(.init(argument: "orders:hub"))]
    options.clock = [try #require(.init(argument: "users:-60"))]
    options.diskFull = ["hub"]
    #expect(
      try self.faults(options) == [
        .cut("gateway", "orders", .silent), .cut("orders", "hub", .resetting), .fillDisk("hub"),
        .setClock("users", ahead: -60),
      ])
    let equipment = options.equipment([])
    #expect(equipment.isIsolated)
    #expect(equipment.smallDisks == ["hub"])
    #expect(equipment.clocks == ["users"])
  }

  @Test(arguments: [
    ["--stop", "order"], ["--away", "redis"], ["--empty", "orders"], ["--kill-at-random", "-1"],
    ["--cut", "gateway"], ["--cut", "gateway:gateway"], ["--cut", "a:b:c"], ["--clock", "orders:0"],
    ["--clock", "orders:59"], ["--clock", "orders:-59"],
    ["--clock", "orders:soon"], ["--clock", "orders:9999999999"],
  ])
  func whatThereIsNotIsRefused(arguments: [String]) {
    #expect(throws: (any Error).self) { try faults(arguments) }
  }

  @Test func aShopThatIsBareHasNoTraces() throws {
    for isBare in [true, false] {
      let plan = try SupervisorPlan(directory: "/", program: "storefront", isBare: isBare)
      let traced = plan.services.filter { $0.arguments.contains("--collector") }.map(\.name)
      #expect(traced.contains("gateway") == !isBare, "\(traced)")
      #expect(plan.services.allSatisfy { $0.arguments.contains("--bare") == isBare })
    }
  }

  @Test func everyFaultHitsEachProcess() throws {
    let plan = try plan(FaultOptions.parse(["--every-fault"]))
    let faults = try FaultOptions.parse(["--every-fault"]).faults(on: plan)
    for name in (plan.below + plan.services).map(\.name) {
      #expect(faults.contains(.kill(name)))
      #expect(faults.contains(.stop(name)))
    }
    #expect(faults.contains(.away("hub")))
    #expect(faults.contains(.empty("hub")))
    #expect(faults.contains(.cut("gateway", "orders", .silent)) == (FaultEquipment.whyNoNetwork == nil))
    #expect(faults.contains(.fillDisk("hub")) == (FaultEquipment.whyNoDisk == nil))
    #expect(faults.contains(.setClock("orders", ahead: -3600)) == (FaultEquipment.whyNoClock == nil))
    #expect(SupervisedDay.duration(with: faults) > .seconds(300))
  }

  @Test(
    .enabled(
      if: FaultEquipment.whyNoNetwork == nil && Engine.redis.executable != nil,
      "needs root, ip, iptables and redis-server"))
  func onlyWhatTalksToRedisIsCutOffFromIt() throws {
    let options = try FaultOptions.parse(["--every-fault"])
    let plan = try SupervisorPlan(
      directory: "/nowhere", engines: [.redis], program: "storefront", equipment: options.equipment([.redis]))
    let faults = try options.faults(on: plan)
    #expect(faults.contains(.cut("orders", "redis", .silent)))
    #expect(!faults.contains(.cut("users", "redis", .silent)))
    #expect(faults.contains(.cut("users", "hub", .silent)))
  }

  private func faults(_ arguments: [String]) throws -> [DayFaults.Fault] {
    try faults(FaultOptions.parse(arguments))
  }

  private func faults(_ options: FaultOptions) throws -> [DayFaults.Fault] {
    try options.faults(on: plan(options))
  }

  private func plan(_ options: FaultOptions) throws -> SupervisorPlan {
    try SupervisorPlan(
      directory: "/nowhere", program: "storefront", equipment: options.equipment([]))
  }
}

import ArgumentParser
import Testing

@testable import storefront

/// Kafka as the engine of the events, in programs that are built with it and without.
@Suite struct KafkaEventsTests {
  private static let isThere = KafkaEvents.isBuilt && Engine.kafka.executable != nil

  @Test(.enabled(if: !KafkaEvents.isBuilt, "this program is built with Kafka"))
  func aProgramWithoutKafkaRefusesIt() throws {
    let errors = [
      #expect(throws: (any Error).self) { try EngineAddresses.parse(["--kafka", "127.0.0.1:9092"]) },
      #expect(throws: KafkaEvents.NotBuilt.self) {
        try SupervisorPlan(directory: "/nowhere", engines: [.kafka], program: "storefront")
      },
    ]
    let told = [try #require(errors[0]), try #require(errors[1])].map { EngineAddresses.message(for: $0) }
    #expect(told.allSatisfy { $0.contains("--traits Kafka") && $0.contains("with-kafka") }, "\(told)")
  }

  @Test(.enabled(if: KafkaEvents.isBuilt, "this program is built without Kafka"))
  func aProgramWithKafkaIsToldWhereItIs() throws {
    #expect(try EngineAddresses.parse(["--kafka", "127.0.0.1:9092"]).kafka == "127.0.0.1:9092")
  }

  @Test(arguments: ["0", "1801", "-1"]) func aSessionThatNoKafkaTakesIsRefused(seconds: String) {
    #expect(throws: (any Error).self) { try EngineAddresses.parse(["--kafka-session=\(seconds)"]) }
  }

  @Test(arguments: [
    (etcd: true, redis: false, kafka: true), (true, true, false), (true, true, true), (true, false, false),
    (false, true, true),
  ])
  func theHubIsInUseWhereOthersHaveNotAll(etcd: Bool, redis: Bool, kafka: Bool) throws {
    var addresses = try EngineAddresses.parse([])
    if etcd { addresses.etcd = "http://127.0.0.1:2379" }
    if redis { addresses.redis = 6379 }
    if kafka { addresses.kafka = "127.0.0.1:9092" }
    #expect((addresses.hubInUse == nil) == (etcd && (redis || kafka)))
    #expect(addresses.options.contains("127.0.0.1:9092") == kafka)
  }

  @Test func whatIsInstalledIsStarted() throws {
    let engines = try SharedOptions.parse(["--engines", "installed"]).engines.list
    let installed = Engine.allCases.filter { $0.executable != nil }
    #expect(engines == installed.filter { $0 != .kafka || KafkaEvents.isBuilt })
    let plan = try SupervisorPlan(directory: "/nowhere", engines: engines, program: "storefront")
    #expect(Set(plan.below.map(\.name)).isSuperset(of: engines.map(\.rawValue)))
    #expect(throws: (any Error).self) { try SharedOptions.parse(["--engines", "none-such"]) }
  }

  @Test func kafkaKeepsTheEventsAlsoBesideRedis() {
    #expect(SupervisorPlan.eventKeeper([.etcd, .redis, .kafka]) == "kafka")
    #expect(SupervisorPlan.eventKeeper([.etcd, .redis]) == "redis")
    #expect(SupervisorPlan.eventKeeper([.etcd]) == "hub")
  }

  /// A cut is a fault only if something was to pass.
  @Test(
    .enabled(if: isThere && Engine.redis.executable != nil, "needs the trait Kafka, with-kafka, and Redis"))
  func besideKafkaOnlyPaymentsNeedRedis() throws {
    let equipment = FaultEquipment(isIsolated: true, smallDisks: [], clocks: [])
    let plan = try SupervisorPlan(
      directory: "/nowhere", engines: [.redis, .kafka], program: "storefront", equipment: equipment)
    let options = try FaultOptions.parse(["--every-fault"])
    #expect(!options.equipment([.redis, .kafka]).smallDisks.contains("kafka"))
    guard plan.network != nil else { return }
    let cut = try options.faults(on: plan).compactMap { fault in
      if case .cut(let one, let other, _) = fault { (one, other) } else { nil }
    }
    #expect(cut.filter { $0.1 == "redis" }.map(\.0) == [Payments.name])
    #expect(
      Set(cut.filter { $0.1 == "kafka" }.map(\.0))
        == StorefrontServices.handlingOrders.union([Products.name, ProductPage.name, Analytics.name]))
  }

  @Test(.enabled(if: isThere, "needs the trait Kafka, and what with-kafka brings"))
  func kafkaIsStartedAndIsNotAmongThoseThatAreKilled() throws {
    let plan = try SupervisorPlan(directory: "/nowhere", engines: [.kafka], program: "storefront")
    #expect(plan.below.map(\.name) == ["kafka", "hub"])
    let address = try #require(plan.addresses.kafka)
    #expect(plan.services.allSatisfy { $0.arguments.contains(address) })
    #expect(plan.addresses.kafkaSession == 3)
    for option in ["--kill-each", "--every-fault"] {
      let faults = try FaultOptions.parse([option]).faults(on: plan)
      #expect(faults.contains(.kill("hub")))
      #expect(!faults.contains(.kill("kafka")))
      #expect(!faults.contains(.away("kafka")))
      #expect(faults.contains(.empty("kafka")) == (option == "--every-fault"))
      #expect(!faults.contains(.fillDisk("kafka")))
    }
  }
}

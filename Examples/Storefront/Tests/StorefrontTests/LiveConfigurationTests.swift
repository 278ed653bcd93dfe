import AsyncHTTPClient
import Foundation
import Logging
import Resilience
import Synchronization
import Testing

@testable import storefront

/// What a process goes by, without a server.
@Suite struct LiveConfigurationTests {
  private let log = CollectedLog()

  private func configuration(in folder: String) -> LiveConfiguration {
    LiveConfiguration(file: "\(folder)/carts-1.configuration.json", logger: log.logger)
  }

  private func version(_ number: Int, _ values: [String: Setting]) -> ConfigurationVersion {
    ConfigurationVersion(version: number, time: "", by: "maria", note: "a test", values: values)
  }

  @Test func whatIsNotSaidIsAsItIsBuiltIn() throws {
    let policies = try ShopPolicies([
      "gateway.customers.permits": 20, "calls.orders.circuitBreaker.openTime": "2s",
      "deliveries.carts.timeout": "8s", "deliveries.orders.backoff.kind": "custom",
      "deliveries.orders.backoff.delays": .texts(["1s", "2s"]),
    ])
    #expect(policies.customers == .perSecond(20, burst: 100))
    #expect(policies.strangers == .perSecond(200, burst: 400))
    #expect(policies.bulkhead == BulkheadPolicy(limit: .fixed(100), maxWaiting: 100))
    #expect(policies.calls["orders"]?.circuitBreaker == CircuitBreakerPolicy(openTime: .seconds(2)))
    #expect(policies.calls["carts"] == CallPolicy())
    let backoff = Backoff.exponential(base: .milliseconds(100), cap: .seconds(2))
    #expect(
      policies.deliveries["carts"]
        == DeliveryPolicy(maxDeliveries: 60, backoff: backoff, parallelism: 4, timeout: .seconds(8)))
    #expect(policies.deliveries["orders"]?.backoff == .custom([.seconds(1), .seconds(2)]))
  }

  @Test(
    arguments: [
      (
        "gateway.customers.permits", "fifty",
        "gateway.customers.permits must be a whole number, was \"fifty\""
      ),
      ("gateway.bulkhead.limit", 0, "gateway.bulkhead.limit must be in 1 ... 1000000000, was 0"),
      ("calls.orders.timout", "1s", "such as calls.orders.timeout, was \"1s\""),
      ("calls.orders.retry.backoff.base", "1s", "calls.orders.retry.backoff.base must be spelt"),
      ("calls.configuration.timeout", "1s", "calls.configuration.timeout must be spelt"),
      ("deliveries.carts.backoff.cap", "1ms", "deliveries.carts.backoff.cap must be 100ms or more"),
      ("calls.orders", "1s", "calls.orders must be spelt"),
      ("", "1s", " must be spelt"), ("..", .texts([]), ".. must be spelt"),
    ] as [(String, Setting, String)])
  func aWrongValueIsRefusedWithItsKey(key: String, value: Setting, text: String) {
    #expect {
      _ = try ShopPolicies([key: value])
    } throws: { error in
      #expect("\(error)".contains(text), "\(error)")
      return error is InvalidSetting
    }
  }

  @Test func deliveriesGoByWhatIsPut() async throws {
    let settings = ServiceSettings(
      store: MemoryRegistryStore(), broker: MemoryBroker(), directory: NSTemporaryDirectory() + "none",
      secret: "",
      staffKey: "")
    let platform = Platform("carts", settings, logger: log.logger)
    try platform.handle(Topic.orderCreated) { _ in }
    platform.configuration.take(version(1, ["deliveries.carts.parallelism": 7]))
    // A group that has another policy is a conflict.
    func join(_ policy: DeliveryPolicy?) throws {
      try platform.bus.subscribe(
        to: Topic.orderCreated, group: "carts", policy: try #require(policy)
      ) { _ in }
    }
    #expect(throws: GroupConflict.self) { try join(ShopPolicies.builtIn.deliveries["carts"]) }
    #expect(throws: Never.self) { try join(platform.configuration.policies.deliveries["carts"]) }
    #expect(platform.configuration.policies.deliveries["carts"]?.parallelism == 7)
    try await platform.client.shutdown()
  }

  @Test func aVersionThatCannotBeReadIsRefusedAndTheOldOneStays() async throws {
    try await withFolder { folder in
      let configuration = configuration(in: folder)
      let seen = Mutex<[TimeLimit]>([])
      configuration.apply { policies in seen.withLock { $0.append(policies.page) } }
      configuration.take(version(4, ["productpage.timeout": "2s"]))
      // As a newer program may write it.
      let newer = version(5, ["productpage.timeout": "3s", "productpage.hedge": "20ms"])
      for _ in 0..<2 { configuration.take(newer) }
      #expect(configuration.version == 4)
      #expect(seen.withLock { $0 } == [.init(.seconds(1)), .init(.seconds(2))])
      let told = log.lines.filter { $0.message == "configuration refused" }
      #expect(told.count == 1)
      #expect(told.first?.metadata["key"] == "productpage.hedge")
      #expect(told.first?.metadata["value"] == "\"20ms\"")
      #expect(told.first?.metadata["stays"] == "4")
      #expect(configuration.metrics.map(\.value) == [4, 1])
      configuration.take(version(6, ["productpage.timeout": "3s"]))
      #expect(configuration.version == 6)
    }
  }

  @Test func aProcessStartsByWhatItHadAndAServerThatHasLostAllChangesNothing() async throws {
    try await withFolder { folder in
      configuration(in: folder).take(version(4, ["productpage.timeout": "2s"]))
      let second = configuration(in: folder)
      #expect(second.version == 4)
      #expect(second.policies.page == TimeLimit(.seconds(2)))
      second.take(.none)
      #expect(second.version == 4)
      // What is put into the empty one holds, whatever its number.
      second.take(version(1, [:]))
      #expect(second.policies == .builtIn)
      #expect(configuration(in: folder).version == 1)
    }
  }

  @Test func aKeptVersionThatCannotBeReadIsToldAndNotGoneBy() async throws {
    try await withFolder { folder in
      for text in ["{", #"{"version":9,"values":{"productpage.hedge":"20ms"}}"#] {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/carts-1.configuration.json"))
        #expect(configuration(in: folder).version == 0)
      }
      #expect(log.lines.count == 2)
    }
  }
}

/// Keeps log lines.
final class CollectedLog: Sendable {
  struct Line {
    var message: String
    var metadata: [String: String]
  }

  private struct Handler: LogHandler {
    let log: CollectedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let line = Line(
        message: "\(event.message)", metadata: (event.metadata ?? [:]).mapValues { "\($0)" })
      log.kept.withLock { $0.append(line) }
    }
  }

  private let kept = Mutex<[Line]>([])

  var lines: [Line] { kept.withLock(\.self) }

  var logger: Logger { Logger(label: "tests", factory: { _ in Handler(log: self) }) }
}

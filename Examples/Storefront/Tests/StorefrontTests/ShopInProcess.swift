import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import storefront

/// All services in this process, over HTTP on loopback: with a broker and a registry in memory.
struct ShopInProcess: Sendable {
  let settings: ServiceSettings
  let shop: ShopClient
  let processes: [String: ServiceProcess]
  let patience = Patience(limit: .seconds(10))

  private static let silent = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })

  /// More at once would miss the shop's own time limits on two cores.
  static let places = Bulkhead("shops of the tests", limit: .fixed(2), maxWaiting: 10_000)

  /// - Parameters:
  ///   - collector: Where spans go; `nil` for nowhere.
  ///   - isWatched: Whether they go to the shop's own monitor instead.
  ///   - adjust: Changes the settings of all. There are as many of `payments` as `instances` says, of which
  ///     `payments-2` is the second, and one of each other.
  static func run(
    collector: String? = nil, isWatched: Bool = false, isBare: Bool = false,
    broker: any EventBroker = MemoryBroker(policy: BrokerPolicy(session: .seconds(3))),
    patience: Duration = .seconds(20), adjust: @escaping @Sendable (inout ServiceSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (ShopInProcess) async throws -> Void
  ) async throws {
    try await places.run {
      try await withFolder { folder in
        var settings = ServiceSettings(
          store: MemoryRegistryStore(), broker: broker, directory: folder,
          secret: "a secret of the tests, of 32 bytes and more", staffKey: "a key of the tests")
        let monitorPort = isWatched ? try FreePort.pick() : 0
        settings.collector = isWatched ? "http://127.0.0.1:\(monitorPort)" : collector
        settings.isBare = isBare
        settings.notice = .zero
        settings.patience = patience
        adjust(&settings)
        var processes: [String: ServiceProcess] = [:]
        for type in StorefrontServices.all {
          processes[type.name] = try await ServiceProcess(
            type, settings, port: type.name == Monitor.name ? monitorPort : 0, logger: silent)
        }
        for instance in 1...settings.instances where instance > 1 {
          settings.instance = instance
          processes["\(Payments.name)-\(instance)"] = try await ServiceProcess(
            Payments.self, settings, logger: silent)
        }
        try await run(processes, settings, body)
      }
    }
  }

  private static func run(
    _ processes: [String: ServiceProcess], _ settings: ServiceSettings,
    _ body: @escaping @Sendable (ShopInProcess) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup { group in
      for process in processes.values { group.addTask { try await process.run() } }
      let result: Result<Void, any Error>
      do {
        let gateway = try await ready(processes)
        let shop = ShopClient(client: .shared, gateway: "http://127.0.0.1:\(gateway)")
        try await body(ShopInProcess(settings: settings, shop: shop, processes: processes))
        result = .success(())
      } catch {
        result = .failure(error)
      }
      for process in processes.values { await process.stop() }
      try await group.waitForAll()
      try result.get()
    }
  }

  /// Waits until the gateway has found all others.
  private static func ready(_ processes: [String: ServiceProcess]) async throws -> Int {
    let gateway = try #require(processes[Gateway.name])
    try await eventually("all are ready") {
      guard let port = gateway.port.port, processes.values.allSatisfy({ $0.port.port != nil }) else {
        return false
      }
      let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/health/ready")
      return try await HTTPClient.shared.execute(request, timeout: .seconds(1)).status == .ok
    }
    return try #require(gateway.port.port)
  }

  /// The shop with a token of the staff.
  func staff() async throws -> ShopClient {
    try await shop.loggedIn(["staffKey": settings.staffKey], patience: patience)
  }

  func customer(_ number: String) async throws -> ShopClient {
    try await shop.loggedIn(["customer": number], patience: patience)
  }

  /// Puts a product on the shelves, and waits until it can be ordered.
  func offer(_ sku: String, pence: Int = 100, quantity: Int = 1000) async throws {
    let product = Product(sku: sku, description: "Piece \(sku)", pence: pence, quantity: quantity)
    let answer = try await staff().send(.POST, "/products/", product)
    #expect(answer.status == 201)
    try await eventually("\(sku) is known") {
      let books = try await Books.collect(by: .shared, settings)
      // The price comes by an event of its own.
      return books.shelves.contains { $0.sku == sku } && books.products == books.shelves.count
    }
  }

  /// The books, when all has settled; nobody is killed here, so that soon.
  func settled() async throws -> Books {
    try await Books.settled(by: .shared, settings, within: .seconds(20), quiet: .seconds(1))
  }

  /// The page of a service's figures.
  func metrics(of service: String) async throws -> String {
    let port = try #require(processes[service]?.port.port)
    let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/metrics")
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
    return String(buffer: try await response.body.collect(upTo: 1 << 20))
  }

  /// Orders, and expects that it is taken.
  func order(
    _ sku: String, _ quantity: Int, by customer: ShopClient, key: String = UUID().uuidString
  ) async throws -> Orders.Status {
    let items = ["items": [Order.Item(sku: sku, quantity: quantity)]]
    let answer = try await customer.send(.POST, "/orders/", items, key: key)
    try #require(answer.status == 201, "\(String(buffer: answer.body))")
    return try answer.decoded(as: Orders.Status.self)
  }

  /// Waits until an order has ended.
  func ending(of order: Orders.Status, by customer: ShopClient) async throws -> String {
    try await eventually("order \(order.id) has ended") {
      try await status(of: order, by: customer) != "placed"
    }
    return try await status(of: order, by: customer)
  }

  private func status(of order: Orders.Status, by customer: ShopClient) async throws -> String {
    try await customer.get("/orders/\(order.id)").decoded(as: Orders.Status.self).status
  }
}

/// Asks again until it is so, for a while.
func eventually(
  _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if (try? await condition()) == true { return }
    try await Task.sleep(for: .milliseconds(20))
  }
  Issue.record("not within \(limit): \(what)")
  throw CancellationError()
}

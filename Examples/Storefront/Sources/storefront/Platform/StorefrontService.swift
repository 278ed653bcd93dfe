import Hummingbird
import Resilience

/// One of the shop's services: what it subscribes to it says when it is made, what it answers here.
protocol StorefrontService: Sendable {
  /// Its name in the registry, in traces and as the group of its events.
  static var name: String { get }

  /// The services that it calls over HTTP, and is not ready without.
  static var calls: [String] { get }

  /// Whether several instances are one service: what they share is in the database, or at the broker.
  static var isRepeatable: Bool { get }

  /// Whether it signs or reads tokens: nobody else is told with what.
  static var needsSecrets: Bool { get }

  /// Whether its own spans are reported.
  static var isTraced: Bool { get }

  init(_ platform: Platform) async throws

  /// Adds what it answers.
  func addRoutes(to router: Router<StorefrontContext>)

  /// Stands before every request, behind trace and deadline.
  func protect(_ router: Router<StorefrontContext>)

  /// What it counts beside what every service does.
  var metrics: [any MetricSource] { get }

  /// Works until it is cancelled, beside the server.
  func run() async throws
}

extension StorefrontService {
  static var calls: [String] { [] }
  static var isRepeatable: Bool { true }
  static var needsSecrets: Bool { false }
  static var isTraced: Bool { true }
  func protect(_ router: Router<StorefrontContext>) {}
  var metrics: [any MetricSource] { [] }
  func run() async throws {
    try await CallContext.current.clock.sleep(for: .seconds(1_000_000_000))
  }
}

/// All services, by name.
enum StorefrontServices {
  static let all: [any StorefrontService.Type] = [
    Users.self, Products.self, Carts.self, Orders.self, Payments.self, Inventory.self, Logistics.self,
    ProductPage.self, Analytics.self, ConfigurationService.self, Gateway.self, Monitor.self,
  ]

  /// Those that an order's events go through.
  static let handlingOrders: Set = [
    Carts.name, Orders.name, Payments.name, Inventory.name, Logistics.name,
  ]

  /// Those that neither wait for events nor tell of what they do: Redis hears nothing of them.
  static let withoutEvents: Set = [Users.name, Gateway.name, ConfigurationService.name, Monitor.name]

  static func named(_ name: String) -> (any StorefrontService.Type)? { all.first { $0.name == name } }
}

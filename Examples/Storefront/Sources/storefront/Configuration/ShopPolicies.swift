import Configuration
import Resilience
import ResilienceConfiguration

/// All that the configuration decides, read and checked: by the server before it keeps a version, and by each
/// process before it goes by one.
struct ShopPolicies: Hashable, Sendable {
  /// By the service that is called.
  private(set) var calls: [String: CallPolicy] = [:]
  /// By the service that handles events.
  private(set) var deliveries: [String: DeliveryPolicy] = [:]
  /// Of each customer at the gateway, and of each address without a token.
  let customers, strangers: RateLimit
  /// Of all requests in the gateway.
  let bulkhead: BulkheadPolicy
  /// How long a product page waits for the catalogue.
  let page: TimeLimit

  /// The way to the configuration is not among them: a wrong value must not close it.
  private static let called = ["users", "products", "productpage", "carts", "orders"]
  private static let consumers = [
    "products", "productpage", "carts", "orders", "payments", "inventory", "logistics",
  ]

  /// Reads what differs from what is built in.
  ///
  /// - Throws: `InvalidSetting` for the first value that is wrong, and for a key that no policy has.
  init(_ document: [String: Setting]) throws(InvalidSetting) {
    let keys = ReadKeys()
    var values = Self.builtInValues.filter { key, _ in !Self.isReplaced(key, by: document) }
    values.merge(document) { _, mine in mine }
    var provided: [AbsoluteConfigKey: ConfigValue] = [:]
    for (key, setting) in values.sorted(by: { $0.key < $1.key }) {
      guard let value = setting.value else {
        throw InvalidSetting(
          field: key, value: "\(setting)", requirement: "a text, a number, true, false or a list of texts")
      }
      let parts = key.split(separator: ".", omittingEmptySubsequences: false)
      provided[AbsoluteConfigKey(parts.map(String.init))] = value
    }
    let provider = InMemoryProvider(values: provided)
    let snapshot = ConfigReader(provider: provider, accessReporter: keys).snapshot()
    func read<Policy: Decodable>(_ type: Policy.Type, _ key: String) throws(InvalidSetting) -> Policy {
      guard let policy = try snapshot.policy(type, forKey: ConfigKey(key)) else {
        throw InvalidSetting(field: key, value: "missing", requirement: "there")
      }
      return policy
    }
    for name in Self.called { calls[name] = try CallPolicy(snapshot, below: "calls.\(name)") }
    for name in Self.consumers { deliveries[name] = try read(DeliveryPolicy.self, "deliveries.\(name)") }
    customers = try read(RateLimit.self, "gateway.customers")
    strangers = try read(RateLimit.self, "gateway.strangers")
    bulkhead = try read(BulkheadPolicy.self, "gateway.bulkhead")
    page = try read(TimeLimit.self, "productpage.timeout")
    try keys.check(document)
  }

  // MARK: - What is built in

  static let builtIn: ShopPolicies = {
    do {
      return try ShopPolicies([:])
    } catch {
      preconditionFailure("what is built in: \(error)")
    }
  }()

  /// What holds for a key that no document has; for others it is the toolkit's default.
  static let builtInValues: [String: Setting] = {
    var values: [String: Setting] = [
      "gateway.customers.permits": 50, "gateway.customers.period": "1s", "gateway.customers.burst": 100,
      "gateway.strangers.permits": 200, "gateway.strangers.period": "1s", "gateway.strangers.burst": 400,
      "gateway.bulkhead.limit": 100, "gateway.bulkhead.maxWaiting": 100, "productpage.timeout": "1s",
    ]
    for name in called {
      values["calls.\(name).deadline"] = "3s"
      values["calls.\(name).timeout"] = "1s"
      values["calls.\(name).retry.maxAttempts"] = 3
    }
    for name in consumers {
      // Nothing that a broker or a service does in a minute's absence uses up these deliveries.
      values["deliveries.\(name).maxDeliveries"] = 60
      values["deliveries.\(name).backoff.kind"] = "exponential"
      values["deliveries.\(name).backoff.base"] = "100ms"
      values["deliveries.\(name).backoff.cap"] = "2s"
      values["deliveries.\(name).parallelism"] = 4
      values["deliveries.\(name).timeout"] = "5s"
    }
    // A charge waits in hand for its permit, and uses up a delivery each time that it gets none.
    values["deliveries.payments.timeout"] = "1min"
    return values
  }()

  /// A document that says of which kind a backoff is says all of it: other kinds have other fields.
  private static func isReplaced(_ key: String, by document: [String: Setting]) -> Bool {
    guard let group = key.firstRange(of: ".backoff.") else { return false }
    return document[key[..<group.upperBound] + "kind"] != nil
  }
}

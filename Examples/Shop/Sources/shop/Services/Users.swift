import Resilience
import Synchronization

/// Customers: they register, log in, and get a token that the gateway asks for.
final class Users: Sendable {
  struct UnknownCustomer: Error {}

  private let platform: Platform
  /// A customer may be logged in on several devices.
  private let tokens = Mutex<[String: Set<String>]>([:])

  init(_ platform: Platform) {
    self.platform = platform
  }

  func register(_ customer: String) throws {
    platform.served.count("user")
    let isNew = tokens.withLock { tokens in
      guard tokens[customer] == nil else { return false }
      tokens[customer] = []
      return true
    }
    if isNew {
      try platform.publish(UserRegistered(customer: customer), as: Topic.userRegister, about: customer)
    }
  }

  func logIn(_ customer: String) throws -> String {
    platform.served.count("user")
    let token = "\(customer)-\(CallContext.current.random())"
    let isKnown = tokens.withLock { $0[customer]?.insert(token) != nil }
    guard isKnown else { throw UnknownCustomer() }
    return token
  }

  func isValid(_ token: String, of customer: String) -> Bool {
    tokens.withLock { $0[customer]?.contains(token) == true }
  }
}

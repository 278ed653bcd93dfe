import Resilience
import Synchronization

/// Customers: they register, log in, and get a token that the gateway asks for.
final class Users: Sendable {
  struct UnknownCustomer: Error {}

  private let house: House
  /// A customer may be logged in on several devices.
  private let tokens = Mutex<[String: Set<String>]>([:])

  init(_ house: House) {
    self.house = house
  }

  func register(_ customer: String) throws {
    let isNew = tokens.withLock { tokens in
      guard tokens[customer] == nil else { return false }
      tokens[customer] = []
      return true
    }
    if isNew {
      try house.publish(UserRegistered(customer: customer), as: Topic.userRegister, about: customer)
    }
  }

  func logIn(_ customer: String) throws -> String {
    let token = "\(customer)-\(CallContext.current.random())"
    let isKnown = tokens.withLock { $0[customer]?.insert(token) != nil }
    guard isKnown else { throw UnknownCustomer() }
    return token
  }

  func isValid(_ token: String, of customer: String) -> Bool {
    tokens.withLock { $0[customer]?.contains(token) == true }
  }
}

import Resilience
import Synchronization

/// Customers: they register, log in, and get a token that the gateway asks for.
final class Users: Sendable {
  struct UnknownCustomer: Error {}

  private let house: House
  private let tokens = Mutex<[String: String]>([:])

  init(_ house: House) {
    self.house = house
  }

  func register(_ customer: String) throws {
    let isNew = tokens.withLock { $0.updateValue("", forKey: customer) == nil }
    if isNew { try house.publish(UserRegistered(customer: customer), as: Topic.userRegister, about: customer) }
  }

  func logIn(_ customer: String) throws -> String {
    guard tokens.withLock({ $0[customer] }) != nil else { throw UnknownCustomer() }
    let token = "\(customer)-\(CallContext.current.random() % 1_000_000)"
    tokens.withLock { $0[customer] = token }
    return token
  }

  func isValid(_ token: String, of customer: String) -> Bool {
    !token.isEmpty && tokens.withLock { $0[customer] } == token
  }
}

import Foundation
import Hummingbird
import JWTKit

/// The users: gives out the tokens that the gateway asks for.
///
/// A customer gets one for a number, as the shop is a model of one; staff shows a key.
struct Users: StorefrontService {
  static let name = "users"
  static let needsSecrets = true

  private let keys = JWTKeyCollection()
  private let staffKey: String

  init(_ platform: Platform) async throws {
    staffKey = platform.settings.staffKey
    await keys.add(hmac: HMACKey(from: platform.settings.secret), digestAlgorithm: .sha256)
  }

  private struct LogIn: Decodable {
    var customer: String?
    var staffKey: String?
    /// Which member of the staff it is, as whoever has the key says.
    var name: String?
  }

  struct Token: ResponseCodable {
    var token: String
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.post("tokens") { request, context in
      let logIn = try await request.decode(as: LogIn.self, context: context)
      if let key = logIn.staffKey {
        guard key == staffKey else { throw HTTPError(.unauthorized, message: "this is not the staff's key") }
        let name = logIn.name ?? "staff"
        guard Self.isName(name) else {
          throw HTTPError(.badRequest, message: "a name is of letters and digits")
        }
        return try await token(name, .staff)
      }
      guard let customer = logIn.customer, Self.isName(customer) else {
        throw HTTPError(.badRequest, message: "a customer of letters and digits, or a staffKey, is needed")
      }
      return try await token(customer, .customer)
    }
  }

  /// It goes on in a field, and in paths.
  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  private func token(_ subject: String, _ role: Identity.Role) async throws -> Token {
    let expiry = ExpirationClaim(value: Date.now.addingTimeInterval(3600))
    let identity = Identity(sub: SubjectClaim(value: subject), role: role, exp: expiry)
    return Token(token: try await keys.sign(identity))
  }
}

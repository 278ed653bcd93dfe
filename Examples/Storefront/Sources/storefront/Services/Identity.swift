import JWTKit

/// Who sends a request: what a token says.
struct Identity: JWTPayload {
  enum Role: String, Codable {
    case customer, staff
  }

  var sub: SubjectClaim
  var role: Role
  var exp: ExpirationClaim

  /// Tells a customer who is called as the staff is from the staff.
  var name: String { "\(role.rawValue) \(sub.value)" }

  func verify(using key: some JWTAlgorithm) throws { try exp.verifyNotExpired() }
}

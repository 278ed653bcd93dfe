import JWTKit

/// Who sends a request: what a token says.
struct Identity: JWTPayload {
  enum Role: String, Codable {
    case customer, staff
  }

  var sub: SubjectClaim
  var role: Role
  var exp: ExpirationClaim

  func verify(using key: some JWTAlgorithm) throws { try exp.verifyNotExpired() }
}

import Hummingbird
import JWTKit

/// Reads the token of a request, if it has one: 401 for one that does not hold.
struct TokenMiddleware: RouterMiddleware {
  let keys: JWTKeyCollection

  func handle(
    _ request: Request, context: StorefrontContext,
    next: @concurrent (Request, StorefrontContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    if let authorization = request.headers[.authorization] {
      guard authorization.hasPrefix("Bearer "),
        let identity = try? await keys.verify(String(authorization.dropFirst(7)), as: Identity.self)
      else { throw HTTPError(.unauthorized, message: "the token does not hold") }
      context.identity = identity
    }
    return try await next(request, context)
  }
}

extension StorefrontContext {
  /// - Throws: 401 without a token.
  func require() throws -> Identity {
    guard let identity else { throw HTTPError(.unauthorized, message: "a token is needed") }
    return identity
  }

  /// - Throws: 401 without a token, 403 with one of another role.
  func require(_ role: Identity.Role) throws {
    guard try require().role == role else {
      throw HTTPError(.forbidden, message: "this is for \(role.rawValue)")
    }
  }

  /// - Throws: 401 without a token, 403 with that of another customer.
  func require(customer: String) throws {
    let identity = try require()
    guard identity.role == .staff || identity.sub.value == customer else {
      throw HTTPError(.forbidden, message: "this cart is another customer's")
    }
  }
}

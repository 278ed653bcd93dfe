import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A client of the gateway, as a browser is one: it knows nothing of the services.
struct ShopClient: Sendable {
  struct Answer: Sendable {
    var status: Int
    /// The field `ETag`.
    var tag: String?
    var body: ByteBuffer

    func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
      try JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }
  }

  /// The shop did not answer, or not as it should.
  struct Refused: Error, CustomStringConvertible {
    var request: String
    var status: Int
    var body: String
    var description: String { "\(request): \(status) \(body)" }
  }

  let client: HTTPClient
  let gateway: String
  var token: String?

  /// Sends a request once.
  ///
  /// - Parameter tag: What it is based on.
  func send(
    _ method: HTTPMethod, _ path: String, _ body: some Encodable & Sendable, key: String? = nil,
    tag: String? = nil
  ) async throws -> Answer {
    try await send(method, path, bytes: JSONEncoder().encode(body), key: key, tag: tag)
  }

  func get(_ path: String) async throws -> Answer { try await send(.GET, path, bytes: nil, key: nil) }

  private func send(
    _ method: HTTPMethod, _ path: String, bytes: Data?, key: String?, tag: String? = nil
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: gateway + path)
    request.method = method
    if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    if let key { request.headers.add(name: "idempotency-key", value: key) }
    if let tag { request.headers.add(name: "if-match", value: tag) }
    if let bytes {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(bytes)
    }
    let response = try await client.execute(request, timeout: .seconds(5))
    return Answer(
      status: Int(response.status.code), tag: response.headers.first(name: "etag"),
      body: try await response.body.collect(upTo: 1 << 24))
  }

  /// A client with a token.
  ///
  /// - Parameter subject: `["customer": "17850"]`, or `["staffKey": …]`.
  func loggedIn(_ subject: [String: String], patience: Patience) async throws -> ShopClient {
    let answer = try await patience.run("POST /tokens") { try await send(.POST, "/tokens", subject) }
    var client = self
    client.token = try answer.decoded(as: Users.Token.self).token
    return client
  }
}

import AsyncHTTPClient
import Foundation
import JWTKit
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import storefront

/// What the gateway lets nobody do.
@Suite(.serialized) struct GatewayTests {
  @Test func aTokenThatWasNotGivenOutDoesNotHold() async throws {
    try await ShopInProcess.run { shop in
      let hour = Date.now.addingTimeInterval(3600)
      let secret = shop.settings.secret
      let good = try await token(secret, until: hour)
      #expect(try await status(token: good, shop) == 200)
      #expect(try await status(token: good + "x", shop) == 401)
      let expired = try await token(secret, until: .now.addingTimeInterval(-1))
      #expect(try await status(token: expired, shop) == 401)
      let foreign = try await token(String(repeating: "s", count: 32), until: hour)
      #expect(try await status(token: foreign, shop) == 401)
      let claims = "{\"sub\":\"17850\",\"role\":\"customer\",\"exp\":\(Int(hour.timeIntervalSince1970))}"
      let unsigned = ["{\"alg\":\"none\",\"typ\":\"JWT\"}", claims].map { Self.base64URL($0) }
      #expect(try await status(token: unsigned.joined(separator: ".") + ".", shop) == 401)
      #expect(try await status(token: nil, shop) == 401)
    }
  }

  @Test func whoOrdersIsWhatTheTokenSaysAndNotAField() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      var request = HTTPClientRequest(url: shop.shop.gateway + "/orders/")
      request.method = .POST
      let token = try #require(try await shop.customer("17850").token)
      request.headers.add(name: "authorization", value: "Bearer \(token)")
      request.headers.add(name: "x-customer", value: "13047")
      request.headers.add(name: "idempotency-key", value: "one")
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: #"{"items":[{"sku":"85123A","quantity":1}]}"#))
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
      let body = try await response.body.collect(upTo: 1 << 16)
      let order = try JSONDecoder().decode(Orders.Status.self, from: Data(body.readableBytesView))
      #expect(order.customer == "17850")
    }
  }

  @Test func clientsThatSendSlowlyDoNotCloseTheShop() async throws {
    try await ShopInProcess.run { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      var configuration = HTTPClient.Configuration()
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 300
      let client = HTTPClient(configuration: configuration)
      // More than the gateway serves, and has wait, at one time.
      let statuses = try await withThrowingTaskGroup(of: UInt?.self) { group in
        for _ in 0..<220 {
          group.addTask {
            var request = HTTPClientRequest(url: shop.shop.gateway + "/tokens")
            request.method = .POST
            request.body = .stream(SlowBody(), length: .known(Int64(100)))
            return try? await client.execute(request, timeout: .seconds(10)).status.code
          }
        }
        try await Task.sleep(for: .seconds(1))
        #expect(try await customer.get("/carts/17850").status == 200)
        return try await group.reduce(into: Set<UInt>()) { $0.formUnion([$1].compactMap(\.self)) }
      }
      // Whoever hears an answer hears that it took too long; nobody waits for ever.
      #expect(statuses.isSubset(of: [408]), "\(statuses)")
      try await client.shutdown()
    }
  }

  @Test func staffAndACustomerOfThatNameHaveALimitEach() async throws {
    let expiry = ExpirationClaim(value: .distantFuture)
    let staff = Identity(sub: "staff", role: .staff, exp: expiry)
    let customer = Identity(sub: "staff", role: .customer, exp: expiry)
    #expect(staff.name != customer.name)
  }

  @Test func whoHasNoTokenIsLimitedToo() async throws {
    try await ShopInProcess.run { shop in
      var request = HTTPClientRequest(url: shop.shop.gateway + "/tokens")
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(string: #"{"customer":"1"}"#))
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
      #expect(response.status == .ok)
      #expect(response.headers.first(name: "ratelimit")?.contains("strangers") == true, "\(response.headers)")
      _ = try await response.body.collect(upTo: 1 << 16)
    }
  }

  @Test func aSecretThatCanBeGuessedIsRefused() throws {
    let secret = String(repeating: "s", count: 32)
    func read(_ secret: String?, _ staffKey: String?) throws {
      var environment: [String: String] = [:]
      environment[ServeCommand.secretVariable] = secret
      environment[ServeCommand.staffKeyVariable] = staffKey
      _ = try ServeCommand.secrets(in: environment)
    }
    try read(secret, "a key of 16 byte")
    #expect(throws: (any Error).self) { try read(secret, "") }
    #expect(throws: (any Error).self) { try read(secret, "a key of 15 byt") }
    #expect(throws: (any Error).self) { try read(secret, nil) }
    #expect(throws: (any Error).self) { try read("", "a key of 16 byte") }
  }

  private func token(_ secret: String, until expiry: Date) async throws -> String {
    let keys = JWTKeyCollection()
    await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    return try await keys.sign(
      Identity(sub: "17850", role: .customer, exp: ExpirationClaim(value: expiry)))
  }

  private func status(token: String?, _ shop: ShopInProcess) async throws -> Int {
    var client = shop.shop
    client.token = token
    return try await client.get("/carts/17850").status
  }

  private static func base64URL(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
  }
}

/// A first byte, and then nothing.
private struct SlowBody: AsyncSequence, Sendable {
  struct AsyncIterator: AsyncIteratorProtocol {
    var isFirst = true

    mutating func next() async throws -> ByteBuffer? {
      guard !isFirst else {
        isFirst = false
        return ByteBuffer(string: "{")
      }
      try await Task.sleep(for: .seconds(60))
      return nil
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}

import AsyncHTTPClient
import Foundation
import Hummingbird
import JWTKit
import NIOCore
import NIOHTTP1
import Resilience
import ResilienceHTTPTypes

/// A service behind the gateway.
struct Upstream: Sendable {
  private let call: AnyHandler<HTTPClientRequest, HTTPClientResponse>

  init(_ call: AnyHandler<HTTPClientRequest, HTTPClientResponse>) { self.call = call }

  /// Sends a request on, with its body, its key and whose it is, and answers what the service answers.
  func forward(_ request: Request, _ context: StorefrontContext) async throws -> Response {
    let (status, tag, body) = try await send(request, context)
    return Response(status, tag, body)
  }

  /// The same, with the body read where it is one of a success.
  func forward<Body: Decodable>(
    _ request: Request, _ context: StorefrontContext, reading type: Body.Type
  ) async throws -> (Response, Body?) {
    let (status, tag, body) = try await send(request, context)
    let value =
      status.kind == .successful ? try JSONDecoder().decode(type, from: Data(body.readableBytesView)) : nil
    return (Response(status, tag, body), value)
  }

  private func send(
    _ request: Request, _ context: StorefrontContext
  ) async throws -> (HTTPResponse.Status, tag: String?, ByteBuffer) {
    var onward = HTTPClientRequest(url: request.uri.path)
    onward.method = HTTPMethod(rawValue: request.method.rawValue)
    onward.headers.add(name: "content-type", value: "application/json")
    if let key = request.headers[.idempotencyKey] { onward.headers.add(name: "idempotency-key", value: key) }
    if let tag = request.headers[.ifMatch] { onward.headers.add(name: "if-match", value: tag) }
    if let customer = context.identity?.sub.value { onward.headers.add(name: "x-customer", value: customer) }
    // In memory already: BodyMiddleware has taken it in.
    let body = try await request.body.collect(upTo: BodyMiddleware.maxBytes)
    if body.readableBytes > 0 { onward.body = .bytes(body) }
    let response = try await call(onward)
    // In memory already: the call has read it.
    let answer = try await response.body.collect(upTo: 1 << 20)
    let status = HTTPResponse.Status(code: Int(response.status.code))
    return (status, response.headers.first(name: "etag"), answer)
  }
}

extension Response {
  fileprivate init(_ status: HTTPResponse.Status, _ tag: String?, _ body: ByteBuffer) {
    self.init(
      status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    headers[.eTag] = tag
  }
}

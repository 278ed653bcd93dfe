import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience

/// Sends spans to a collector.
enum OTLPTransport {
  struct Refused: Error, CustomStringConvertible {
    var status: UInt
    var description: String { "the collector answered \(status)" }
  }

  static func to(_ collector: String, by client: HTTPClient) -> AnyHandler<OTLPRequest, Void> {
    ServiceCall("collector") { (request: OTLPRequest) in
      var post = HTTPClientRequest(url: collector + request.path)
      post.method = .POST
      post.headers.add(name: "content-type", value: request.contentType)
      post.body = .bytes(request.body)
      let response = try await client.execute(post, timeout: .seconds(5))
      _ = try await response.body.collect(upTo: 1 << 20)
      guard (200..<300).contains(response.status.code) else { throw Refused(status: response.status.code) }
    }
    .idempotent().retry(RetryPolicy(maxAttempts: 3)).erased()
  }
}

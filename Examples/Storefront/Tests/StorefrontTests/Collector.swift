import Foundation
import Hummingbird
import Synchronization

/// Takes spans as OpenTelemetry's collectors do, and remembers which services each trace went through.
final class Collector: Sendable {
  private struct Request: Decodable {
    struct ResourceSpans: Decodable {
      struct Resource: Decodable { var attributes: [Attribute] }
      struct Attribute: Decodable {
        struct Value: Decodable { var stringValue: String? }
        var key: String
        var value: Value
      }
      struct ScopeSpans: Decodable { var spans: [Span] }
      struct Span: Decodable {
        var traceId: String
        var name: String
      }

      var resource: Resource
      var scopeSpans: [ScopeSpans]

      var service: String {
        resource.attributes.first { $0.key == "service.name" }?.value.stringValue ?? ""
      }
    }

    var resourceSpans: [ResourceSpans]
  }

  private let services = Mutex<[String: Set<String>]>([:])

  /// The services of each trace.
  var traces: [Set<String>] { services.withLock { Array($0.values) } }

  static func run(
    _ body: @escaping @Sendable (_ collector: Collector, _ address: String) async throws -> Void
  )
    async throws
  {
    let collector = Collector()
    let router = Router()
    router.post("v1/traces") { request, _ in
      let bytes = try await request.body.collect(upTo: 1 << 24)
      collector.take(try JSONDecoder().decode(Request.self, from: Data(bytes.readableBytesView)))
      return HTTPResponse.Status.ok
    }
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let app = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) })
    try await withThrowingTaskGroup { group in
      group.addTask { try await app.run() }
      group.addTask {
        guard let port = await ports.first(where: { _ in true }) else { return }
        try await body(collector, "http://127.0.0.1:\(port)")
      }
      do {
        try await group.next()
      } catch {
        group.cancelAll()
        throw error
      }
      group.cancelAll()
    }
  }

  private func take(_ request: Request) {
    services.withLock { services in
      for resource in request.resourceSpans {
        for span in resource.scopeSpans.flatMap(\.spans) {
          services[span.traceId, default: []].insert(resource.service)
        }
      }
    }
  }
}

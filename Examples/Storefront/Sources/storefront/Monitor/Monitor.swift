import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore
import Resilience
import ResilienceHummingbird

/// The monitor: how the shop is, on a page, and its traces. All in memory, and nobody needs it.
struct Monitor: StorefrontService {
  static let name = "monitor"
  /// Traces and figures are in its memory.
  static let isRepeatable = false
  /// Each report of it would cause another one.
  static let isTraced = false

  static let maxDocumentBytes = 4 << 20

  private let collector = TraceCollector()
  private let documents = Bulkhead("documents", limit: .fixed(4), maxWaiting: 100)
  private let scraper: Scraper
  private let platform: Platform
  /// Of all services. The platform's own has whom it calls, and only one replica writes to a registry.
  private let registry = ServiceRegistry()

  /// Whose instances are looked at.
  private static var services: [String] { StorefrontServices.all.map { $0.name } }

  init(_ platform: Platform) throws {
    self.platform = platform
    let (registry, hub) = (self.registry, platform.settings.hub.flatMap { URL(string: $0) })
    scraper = Scraper(platform.client) {
      var targets = Self.services.flatMap { registry.instances(of: $0).instances }.map {
        ProcessStatus.Target(name: $0.id, service: $0.service, address: $0.address)
      }
      if let hub, let host = hub.host() {
        let address = "\(host):\(hub.port ?? 80)"
        targets.append(
          ProcessStatus.Target(name: SupervisorPlan.hub, service: SupervisorPlan.hub, address: address))
      }
      return targets
    }
  }

  var metrics: [any MetricSource] { [collector.snapshot(), documents.snapshot()] }

  func run() async throws {
    try await withThrowingTaskGroup { group in
      group.addTask { try await follow(platform.settings.store) }
      group.addTask { try await scraper.run() }
      try await group.waitForAll()
    }
  }

  private func follow(_ store: some RegistryStore) async throws {
    try await RegistryReplica(
      of: store, in: registry, services: Self.services, refreshInterval: .seconds(10)
    ).run()
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.group("v1/traces")
      // Few at a time: so what they take has a bound, too.
      .add(middleware: BulkheadMiddleware(documents))
      .add(middleware: BodyMiddleware(limit: Self.maxDocumentBytes))
      .post { request, _ in try await take(request) }
    router.get("/") { _, _ in Response.page(dashboard.html) }
    router.get("processes.json") { _, _ in try Response.json(dashboard.document) }
    router.get("traces") { request, _ in
      try request.wantsJSON ? Response.json(found(request).document) : Response.page(found(request).html)
    }
    router.get("traces.json") { request, _ in try Response.json(found(request).document) }
    router.get("traces/:id") { request, context in
      let text = try context.parameters.require("id")
      let page = TracePage(try trace(text.hasSuffix(".json") ? String(text.dropLast(5)) : text))
      let wantsJSON = request.wantsJSON || text.hasSuffix(".json")
      return try wantsJSON ? Response.json(page.document) : Response.page(page.html)
    }
    router.get("graph") { request, _ in
      let page = GraphPage(CallGraph(collector.traces))
      return try request.wantsJSON ? Response.json(page.document) : Response.page(page.html)
    }
    router.get("graph.json") { _, _ in try Response.json(GraphPage(CallGraph(collector.traces)).document) }
  }

  // MARK: - Spans

  /// Takes a document in: 415 for one in another form, 400 with the field for one that cannot be read. Of
  /// one that is refused nothing is kept.
  private func take(_ request: Request) async throws -> Response {
    let type = request.headers[.contentType]?.split(separator: ";").first.map { String($0).lowercased() }
    guard type?.trimmingCharacters(in: .whitespaces) == "application/json" else {
      throw HTTPError(.unsupportedMediaType, message: "OTLP is taken as application/json alone")
    }
    guard request.headers[.contentEncoding] ?? "identity" == "identity" else {
      throw HTTPError(.unsupportedMediaType, message: "a body that is packed is not taken")
    }
    // In memory already.
    let body = try await request.body.collect(upTo: Self.maxDocumentBytes)
    do {
      collector.add(try OTLPDocument(Data(body.readableBytesView)).spans)
    } catch let error as OTLPDocument.Unreadable {
      collector.refuse()
      throw HTTPError(.badRequest, message: "\(error)")
    }
    return try .json([String: String]())
  }

  // MARK: - Pages

  private var dashboard: DashboardPage {
    DashboardPage(
      expected: Self.services, processes: scraper.latest, registry: registry.snapshot(),
      collector: collector.snapshot(), failedTraces: collector.traces.prefix(1000).count { $0.failures > 0 })
  }

  private func found(_ request: Request) throws -> TracesPage {
    do {
      let query = try TraceQuery(request.uri.queryParameters.map { (String($0.key), String($0.value)) })
      return TracesPage(
        query: query, found: query.found(in: collector.traces), collector: collector.snapshot())
    } catch let error as TraceQuery.Refused {
      throw HTTPError(.badRequest, message: "\(error.parameter): \(error.reason)")
    }
  }

  private func trace(_ text: String) throws -> CollectedTrace {
    guard let id = TraceID(text.lowercased()) else {
      throw HTTPError(.badRequest, message: "a trace is named by 32 hexadecimal digits")
    }
    guard let trace = collector.trace(id) else {
      throw HTTPError(
        .notFound, message: "no span of trace \(id) is here; it may have made room for later ones")
    }
    return trace
  }
}

extension Request {
  /// Whether a program asks, and not a browser.
  fileprivate var wantsJSON: Bool {
    let accept = headers[.accept] ?? ""
    return accept.contains("application/json") && !accept.contains("text/html")
  }
}

extension Response {
  /// A page that runs nothing and loads nothing, whatever is in it.
  fileprivate static func page(_ html: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy:
          "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
      ], body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
  }

  fileprivate static func json(_ value: some Encodable) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A metric may be any of these.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "+Inf", negativeInfinity: "-Inf", nan: "NaN")
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }
}

internal import HTTPTypes
public import Hummingbird
internal import NIOCore
public import Resilience

extension RouterMethods {
  /// Adds the endpoints that an orchestrator probes: `GET /health/live`, and `GET /health/ready`, which says
  /// 503 while a critical check fails or the process drains.
  ///
  /// Add them before the middlewares that limit or trace requests: those hold for routes that are added
  /// later.
  ///
  /// - Parameters:
  ///   - endpoint: The checks.
  ///   - path: Where they are. Default: `health`.
  @discardableResult
  public func addHealth(_ endpoint: ReadinessEndpoint, path: RouterPath = "health") -> Self {
    group(path)
      .get("live") { _, _ in Response(await endpoint.liveness()) }
      .get("ready") { _, _ in Response(await endpoint.readiness()) }
    return self
  }

  /// Adds the endpoint that Prometheus scrapes, in its own text or in OpenMetrics as the request's `Accept`
  /// asks for.
  ///
  /// - Parameters:
  ///   - path: Where it is. Default: `metrics`.
  ///   - sources: The present snapshots; asked for each scrape.
  @discardableResult
  public func addMetrics(
    path: RouterPath = "metrics", _ sources: @escaping @Sendable () -> [any MetricSource]
  ) -> Self {
    get(path) { request, _ in
      let page = MetricsPage(sources(), format: MetricsFormat(accepting: request.headers[.accept]))
      return Response(
        status: .ok, headers: [.contentType: page.contentType],
        body: ResponseBody(byteBuffer: ByteBuffer(string: page.text)))
    }
  }
}

extension Response {
  fileprivate init(_ report: ReadinessReport) {
    self.init(
      status: report.isPassing ? .ok : .serviceUnavailable,
      headers: [.contentType: "application/health+json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: report.json())))
  }
}

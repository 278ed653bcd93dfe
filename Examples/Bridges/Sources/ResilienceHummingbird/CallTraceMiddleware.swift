internal import HTTPTypes
public import Hummingbird
public import Resilience
public import ResilienceHTTPTypes

/// Makes every request a span: a child of the one that its fields name, or the first of a new trace.
///
/// Calls that the handler makes are children of it. The span has the name of the route, such as
/// `GET /stock/{id}`, and the attributes that OpenTelemetry's conventions ask for. It is a failure from 500
/// up. It ends when the handler has answered; a body that is streamed comes afterwards.
///
/// (`TracingMiddleware` is Hummingbird's, for swift-distributed-tracing.)
public struct CallTraceMiddleware<Context: RequestContext>: RouterMiddleware {
  /// Makes the spans.
  public let tracer: CallTracer

  /// In which format requests name their parent.
  public let fields: HTTPContextFields

  /// Creates the middleware.
  ///
  /// - Parameters:
  ///   - tracer: Makes the spans.
  ///   - fields: In which format requests name their parent. Default: W3C Trace Context.
  public init(_ tracer: CallTracer, fields: HTTPContextFields = HTTPContextFields()) {
    self.tracer = tracer
    self.fields = fields
  }

  /// Sends the request on in a span.
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let propagator = fields.propagator else { return try await span(request, context, next) }
    return try await propagator.withExtracted(from: request.headers, through: .http) {
      try await span(request, context, next)
    }
  }

  private nonisolated(nonsending) func span(
    _ request: Request, _ context: Context, _ next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let method = request.method.rawValue
    let route = context.endpointPath
    return try await tracer.span(route.map { "\(method) \($0)" } ?? method, kind: .server) {
      let call = CallContext.current
      call.emit(SpanAnnotation.attribute("http.request.method", .string(method)))
      call.emit(SpanAnnotation.attribute("url.path", .string(request.uri.path)))
      if let route { call.emit(SpanAnnotation.attribute("http.route", .string(route))) }
      let answer = await Answer { try await next(request, context) }
      call.emit(SpanAnnotation.attribute("http.response.status_code", .integer(Int64(answer.status))))
      if case .failure(let error) = answer.result, answer.status >= 500 {
        call.emit(SpanAnnotation.status(.error("\(error)")))
      }
      return answer
    }
    .result.get()
  }
}

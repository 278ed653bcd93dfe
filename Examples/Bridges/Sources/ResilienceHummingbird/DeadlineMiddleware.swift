internal import HTTPTypes
public import Hummingbird
internal import Resilience
public import ResilienceHTTPTypes

/// Gives each request the deadline that it brings along, or the server's own if that is earlier, so that
/// everything that its handler calls knows how much time is left.
///
/// A request whose deadline has passed when it comes is answered with 504, and its handler does not run. A
/// handler that runs is not interrupted: the layers around the calls that it makes end them in time.
public struct DeadlineMiddleware<Context: RequestContext>: RouterMiddleware {
  /// Where requests say how much time is left.
  public let fields: HTTPContextFields

  /// The most time that a request has; `nil` for no bound.
  public let limit: Duration?

  /// Creates the middleware.
  ///
  /// - Parameters:
  ///   - limit: The most time that a request has, whatever it says; `nil` for no bound. Default: `nil`.
  ///   - fields: Where requests say how much time is left. What a stranger writes there can only make the
  ///     time shorter. Default: `x-envoy-expected-rq-timeout-ms`.
  public init(limit: Duration? = nil, fields: HTTPContextFields = HTTPContextFields()) {
    self.limit = limit
    self.fields = fields
  }

  /// Sends the request on with its deadline.
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var call = CallContext.current
    let now = call.now
    call.tightenDeadline(to: fields.deadline(in: request.headers, at: now))
    if let limit { call.tightenDeadline(to: Deadline(at: now.advanced(by: limit))) }
    if call.deadline.hasPassed(at: now) { return Response(status: .gatewayTimeout) }
    return try await CallContext.withCurrent(call) { try await next(request, context) }
  }
}

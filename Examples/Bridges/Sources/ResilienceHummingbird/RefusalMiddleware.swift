public import HTTPTypes
public import Hummingbird
internal import Logging
internal import Resilience
internal import ResilienceHTTPTypes

/// Answers for errors of this toolkit that a handler lets out: 503 with `Retry-After` when an open breaker, a
/// full bulkhead or a limit towards another service has refused, 504 when time was up.
///
/// Add it first, around all others. What the server itself would answer is 500. Errors that say their own
/// answer pass through.
public struct RefusalMiddleware<Context: RequestContext>: RouterMiddleware {
  /// The answer for every other error; `nil` leaves it to the server.
  public let otherwise: HTTPResponse.Status?

  /// Creates the middleware.
  ///
  /// - Parameter otherwise: The answer for every other error that does not say its own: `.badGateway` where
  ///   what handlers throw is the errors of their clients. Default: `nil`, which leaves it to the server,
  ///   which says 500.
  public init(otherwise: HTTPResponse.Status? = nil) {
    self.otherwise = otherwise
  }

  /// Sends the request on, and answers for an error.
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      guard !(error is any HTTPResponseError),
        let refusal = HTTPRefusal(error, at: CallContext.current.readClock())
          ?? otherwise.map({ HTTPRefusal(status: $0) })
      else { throw error }
      context.logger.debug("refused", metadata: ["error": "\(error)"])
      return Response(refusal)
    }
  }
}

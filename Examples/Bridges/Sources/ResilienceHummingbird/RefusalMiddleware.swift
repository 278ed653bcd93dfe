internal import HTTPTypes
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
  /// Creates the middleware.
  public init() {}

  /// Sends the request on, and answers for an error.
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      guard !(error is any HTTPResponseError),
        let refusal = HTTPRefusal(error, at: CallContext.current.readClock())
      else { throw error }
      context.logger.debug("refused", metadata: ["error": "\(error)"])
      return Response(refusal)
    }
  }
}

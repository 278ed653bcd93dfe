internal import HTTPTypes
public import Hummingbird
public import Resilience
internal import ResilienceHTTPTypes

/// Limits how many requests are served at one time, and answers 503 with `Retry-After` to those that are too
/// many: load is shed before it piles up.
///
/// With a bulkhead whose limit is adaptive, which is its default, how many are served at one time is learned
/// from how long they take. A request is inside until its handler has answered; a body that is streamed comes
/// afterwards.
public struct BulkheadMiddleware<Context: RequestContext>: RouterMiddleware {
  /// How much is served at one time, and who waits.
  public let bulkhead: Bulkhead

  /// When those that are turned away are asked to come again.
  public let retryAfter: Duration

  private let priority: @Sendable (Request, Context) -> Int

  /// Creates the middleware.
  ///
  /// - Parameters:
  ///   - bulkhead: How much is served at one time, and who waits.
  ///   - retryAfter: When those that are turned away are asked to come again; nobody knows when there is
  ///     room. Default: 1 s.
  ///   - priority: Those with a higher one go in first, and are the last to be turned away. Default: all the
  ///     same.
  public init(
    _ bulkhead: Bulkhead, retryAfter: Duration = .seconds(1),
    priority: @escaping @Sendable (_ request: Request, _ context: Context) -> Int = { _, _ in 0 }
  ) {
    self.bulkhead = bulkhead
    self.retryAfter = retryAfter
    self.priority = priority
  }

  /// Sends the request on when there is room.
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await bulkhead.run(priority: priority(request, context)) {
        await Answer { try await next(request, context) }
      }
      .result.get()
    } catch let refusal as BulkheadFull where refusal.bulkhead == bulkhead.name {
      return Response(HTTPRefusal(status: .serviceUnavailable, retryAfter: retryAfter))
    }
  }
}

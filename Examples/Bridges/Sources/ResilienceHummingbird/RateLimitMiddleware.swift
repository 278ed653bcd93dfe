internal import HTTPTypes
public import Hummingbird
public import Resilience
internal import ResilienceHTTPTypes

/// Limits how often each client calls: 429 with `Retry-After` to who comes too often, and to everybody what
/// is left, in the fields `RateLimit` and `RateLimit-Policy`.
///
/// ```swift
/// RateLimitMiddleware(KeyedRateLimiter("gateway", limit: .perSecond(100))) { request, _ in
///   request.headers[.authorization]
/// }
/// ```
public struct RateLimitMiddleware<Context: RequestContext, Key: Hashable & Sendable>: RouterMiddleware {
  /// The limit of each client.
  public let limiter: KeyedRateLimiter<Key>

  /// Whether answers say what is left.
  public let sendsFields: Bool

  private let key: @Sendable (Request, Context) -> Key?

  /// Creates the middleware.
  ///
  /// - Parameters:
  ///   - limiter: The limit of each client.
  ///   - sendsFields: Whether answers say what is left. Default: yes.
  ///   - key: Who the client is: a pure, quick function; `nil` for a request that is not limited. What a
  ///     client can choose freely, such as a field that nobody has checked, limits nobody.
  public init(
    _ limiter: KeyedRateLimiter<Key>, sendsFields: Bool = true,
    by key: @escaping @Sendable (_ request: Request, _ context: Context) -> Key?
  ) {
    self.limiter = limiter
    self.sendsFields = sendsFields
    self.key = key
  }

  /// Takes a permit of the client's and sends the request on.
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let key = key(request, context) else { return try await next(request, context) }
    let now = CallContext.current.readClock()
    let decision = limiter.tryAcquire(key: key, at: now)
    let fields = sendsFields ? limiter.fields(of: key, at: now) : nil
    var response: Response
    if decision == .acquired {
      response = try await next(request, context)
    } else {
      response = Response(status: .tooManyRequests)
      response.headers.set(retryAfter: decision.retryAfter(at: now))
    }
    if let fields { response.headers.set(fields) }
    return response
  }
}

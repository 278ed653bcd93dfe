public import HTTPTypes
public import Resilience

/// The layers of this toolkit as a client's middleware, in the shape that generated clients have: a request,
/// a body and what sends them on.
///
/// It fits `ClientMiddleware` of swift-openapi-runtime:
///
/// ```swift
/// struct Resilient: ClientMiddleware {
///   let layers = HTTPMiddleware<HTTPBody, URL>(StandardStack("petstore"))
///
///   func intercept(
///     _ request: HTTPRequest, body: HTTPBody?, baseURL: URL, operationID: String,
///     next: @Sendable (HTTPRequest, HTTPBody?, URL) async throws -> (HTTPResponse, HTTPBody?)
///   ) async throws -> (HTTPResponse, HTTPBody?) {
///     try await layers.intercept(
///       request, body: body, baseURL: baseURL, operationID: operationID,
///       isReplayable: body?.iterationBehavior != .single, next: next)
///   }
/// }
/// ```
///
/// Whether a request is sent again goes by its method, its field `Idempotency-Key` and whether its body can
/// be sent twice. What a response counts as, its status says; its body comes afterwards, and does not count.
public struct HTTPMiddleware<Body: Sendable, BaseURL: Sendable>: Sendable {
  /// What the layers wrap.
  public typealias Leaf = ClassifiedHandler<
    ServiceCall<HTTPExchange<Body, BaseURL>, (HTTPResponse, Body?)>
  >

  private let handler: AnyHandler<HTTPExchange<Body, BaseURL>, (HTTPResponse, Body?)>

  /// Creates a middleware with a destination's standard stack.
  ///
  /// - Parameters:
  ///   - stack: The destination's, shared by every call to it.
  ///   - fields: What of the call's context goes along. Default: deadline and trace.
  public init(_ stack: StandardStack, fields: HTTPContextFields = HTTPContextFields()) {
    self.init(stack.name, fields: fields) { $0.httpStack(stack) }
  }

  /// Creates a middleware with layers of one's own.
  ///
  /// - Parameters:
  ///   - name: The destination, for errors, events and spans.
  ///   - fields: What of the call's context goes along. Default: deadline and trace.
  ///   - layers: Makes the layers; `byMethod` has them go by each request.
  ///     Not for layers that leave work behind when a call ends, as `.timeout(_:abandoning:)`: what sends a
  ///     request on must not outlive its call, and Swift stops the program if it does.
  public init<Layered: Handler>(
    _ name: String, fields: HTTPContextFields = HTTPContextFields(), _ layers: (_ call: Leaf) -> Layered
  ) where Layered.Input == HTTPExchange<Body, BaseURL>, Layered.Output == (HTTPResponse, Body?) {
    let leaf = ServiceCall(name) { (exchange: HTTPExchange<Body, BaseURL>, context: CallContext) in
      var request = exchange.request
      fields.write(context, into: &request.headerFields)
      return try await exchange.next(request, exchange.body, exchange.baseURL)
    }
    .classify { result in
      if case .success(let (response, _)) = result { Outcome(of: response) } else { nil }
    }
    handler = layers(leaf).erased()
  }

  /// Sends a request through the layers.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - body: Its body; `nil` for none.
  ///   - baseURL: Where it goes.
  ///   - operationID: The operation; not looked at.
  ///   - isReplayable: Whether the body can be sent twice. Default: only none can.
  ///   - next: Sends it on.
  /// - Throws: What `next` throws, and the errors of the layers.
  public func intercept(
    _ request: HTTPRequest, body: Body?, baseURL: BaseURL, operationID: String = "",
    isReplayable: Bool? = nil,
    next: @Sendable (HTTPRequest, Body?, BaseURL) async throws -> (HTTPResponse, Body?)
  ) async throws -> (HTTPResponse, Body?) {
    let repeatability = HTTPRepeatability(of: request, isReplayable: isReplayable ?? (body == nil))
    return try await withoutActuallyEscaping(next) { next in
      try await handler(
        HTTPExchange(
          request: request, body: body, baseURL: baseURL, repeatability: repeatability, next: next))
    }
  }
}

public import HTTPTypes

/// A request on its way through a middleware: with what sends it on.
public struct HTTPExchange<Body: Sendable, BaseURL: Sendable>: Sendable, HTTPRepeatable {
  /// Sends a request on.
  public typealias Next =
    @Sendable (_ request: HTTPRequest, _ body: Body?, _ baseURL: BaseURL) async throws -> (
      HTTPResponse, Body?
    )

  /// The request.
  public var request: HTTPRequest

  /// Its body; `nil` for none.
  public var body: Body?

  /// Where it goes.
  public var baseURL: BaseURL

  /// Whether it may be sent a second time.
  public var repeatability: HTTPRepeatability

  let next: Next
}

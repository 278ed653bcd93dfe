import Hummingbird
import NIOCore
import Resilience

/// Takes a request's body in, before anything that is scarce is held for it: 413 for one that is too large, 408 for
/// one that is not there by the deadline.
struct BodyMiddleware: RouterMiddleware {
  static let maxBytes = 1 << 20

  /// The most bytes of a body. Default: a mebibyte.
  var limit = maxBytes

  func handle(
    _ request: Request, context: StorefrontContext,
    next: @concurrent (Request, StorefrontContext) async throws -> Response
  ) async throws -> Response {
    var request = request
    request.body = RequestBody(buffer: try await Self.collect(request.body, upTo: limit))
    return try await next(request, context)
  }

  private static func collect(_ body: RequestBody, upTo limit: Int) async throws -> ByteBuffer {
    var call = CallContext.current
    let (clock, left) = (call.clock, call.deadline.remaining(at: call.now))
    return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
      group.addTask {
        do {
          return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
          throw HTTPError(.contentTooLarge, message: "the body has more than \(limit) bytes")
        }
      }
      group.addTask {
        try await clock.sleep(for: left)
        throw HTTPError(.requestTimeout, message: "the body was not there in time")
      }
      defer { group.cancelAll() }
      guard let buffer = try await group.next() else { throw CancellationError() }
      return buffer
    }
  }
}

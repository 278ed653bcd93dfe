internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import Resilience
internal import ResilienceHTTPTypes

/// Sends requests in the context of a call.
struct RequestSender: Sendable {
  /// Bodies of failures up to this length are read at once.
  static let maxFailureBytes = 65_536

  let client: HTTPClient
  let target: InstanceURL?
  let fields: HTTPContextFields
  let maxBodyBytes: Int?

  nonisolated(nonsending) func send(_ request: HTTPClientRequest, _ context: CallContext) async throws
    -> HTTPClientResponse
  {
    var request = request
    if let target { request.url = target.replacingOrigin(of: request.url) }
    fields.write(context, into: &request.headers, through: .nio)
    do {
      var response = try await client.execute(request, deadline: context.clientDeadline)
      if let limit = bodyLimit(of: response) {
        let body = try await response.body.collect(upTo: limit)
        // A stream may end early when its reader is cancelled.
        try Task.checkCancellation()
        response.body = .bytes(body)
      }
      return response
    } catch let error as HTTPClientError where error == .cancelled && Task.isCancelled {
      throw CancellationError()
    } catch let error as HTTPClientError where error == .deadlineExceeded {
      // A time limit around the call is to find that it has passed.
      try await context.clock.sleep(until: context.deadline.instant)
      throw error
    }
  }

  /// The most bytes that are read within the call; `nil` for a body that is streamed.
  private func bodyLimit(of response: HTTPClientResponse) -> Int? {
    if let maxBodyBytes { return maxBodyBytes }
    guard response.status.code >= 400, Outcome(of: response).verdict == .failure,
      let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }),
      (0...Self.maxFailureBytes).contains(length)
    else { return nil }
    return length
  }
}

extension CallContext {
  /// The client's deadline: a little before the call's, since a client that is cancelled does not tell that a
  /// port has refused all the time, and one whose own deadline passes does.
  var clientDeadline: NIODeadline {
    guard !deadline.isNever else { return .distantFuture }
    let remaining = deadline.remainingNanoseconds(at: readClock())
    return .now() + .nanoseconds(remaining - min(remaining / 20, 20_000_000))
  }
}

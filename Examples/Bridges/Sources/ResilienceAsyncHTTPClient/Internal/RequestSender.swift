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
  let connectsAgain: Bool
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
      var response = try await client.execute(request, deadline: deadline(context))
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

  /// That of the call. A client that goes on connecting gets one that is a little earlier: when it is
  /// cancelled it does not tell that the port has refused all the time, and when its deadline passes it does.
  private func deadline(_ context: CallContext) -> NIODeadline {
    guard !context.deadline.isNever else { return .distantFuture }
    let remaining = context.deadline.remainingNanoseconds(at: context.readClock())
    return .now() + .nanoseconds(connectsAgain ? remaining - min(remaining / 10, 100_000_000) : remaining)
  }
}

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import Resilience

/// Sends requests to a hub: each a POST with a time limit.
struct HubClient: Sendable {
  /// The most bytes of an answer: one event alone may be larger than what the hub otherwise answers with.
  static let maxAnswerBytes = 64 << 20
  /// How long a hub is asked to wait for events or changes; it may answer sooner.
  static let wait = Duration.seconds(10)
  /// How long is paused when a hub that was asked to wait does not.
  private static let pause = Duration.milliseconds(100)

  let client: HTTPClient
  let endpoint: String
  let timeout: Duration

  init(client: HTTPClient, endpoint: String, timeout: Duration) {
    self.client = client
    self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    self.timeout = max(timeout, .milliseconds(1))
  }

  func ask<Reply: Codable>(
    _ path: String, _ head: some Codable & Sendable, events: [EncodedEvent] = [],
    within limit: Duration? = nil
  ) async throws -> HubFrame<Reply> {
    let body = try HubFrame(head, events: events).bytes()
    return try read(try await send(path, body, within: limit ?? timeout), path)
  }

  /// A request that waits; see ``wait``.
  ///
  /// - Returns: `nil` when the client's own limit on silence has ended it.
  func poll<Reply: Codable>(
    _ path: String, _ head: some Codable & Sendable, within limit: Duration? = nil
  ) async throws -> HubFrame<Reply>? {
    let body = try HubFrame(head).bytes()
    do {
      return try read(try await send(path, body, within: limit ?? Self.wait + timeout), path)
    } catch let error as HTTPClientError where error == .readTimeout {
      return nil
    }
  }

  /// Keeps a hub that does not wait, as one that is on its way out, from being asked without end.
  func pause(ifSoonAfter begin: Instant) async throws {
    let clock = CallContext.current.clock
    guard clock.now < begin.advanced(by: Self.pause) else { return }
    try await clock.sleep(for: Self.pause)
  }

  @discardableResult
  func send(
    _ path: String, _ body: ByteBuffer, within limit: Duration
  ) async throws -> ByteBuffer {
    var post = HTTPClientRequest(url: "\(endpoint)/\(path)")
    post.method = .POST
    post.headers.add(name: "Content-Type", value: "application/json")
    post.body = .bytes(body)
    let call = ServiceCall("hub: \(path)") { (post: HTTPClientRequest) in
      let response = try await client.execute(post, deadline: .distantFuture)
      return (Int(response.status.code), try await response.body.collect(upTo: Self.maxAnswerBytes))
    }
    let (status, answer) = try await call.timeout(max(limit, .milliseconds(1)))(post)
    guard status != 200 else { return answer }
    if let fault = try? HubFrame<HubFault>(reading: answer).head { throw fault.error(status, path) }
    let text = String(decoding: answer.readableBytesView.prefix(200), as: UTF8.self)
    throw RemoteError(.refused, path, text, status: status)
  }

  private func read<Reply: Codable>(_ answer: ByteBuffer, _ path: String) throws -> HubFrame<Reply> {
    do {
      return try HubFrame(reading: answer)
    } catch {
      throw unreadable(path, "\(error)")
    }
  }

  func unreadable(_ path: String, _ message: String) -> RemoteError {
    RemoteError(.unreadable, path, message, status: 200)
  }
}

/// Goes on when the caller's task is cancelled.
func shielded<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await Task.immediate(executorPreference: CallContext.current.executor) { try await body() }.value
}

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat
internal import NIOHTTP1
internal import Resilience

/// etcd's JSON gateway: a POST for each request, whose answer is one document, or one for each line.
struct EtcdGateway: Sendable {
  /// The most bytes of an answer, and of a line of a watch: ten thousand records of 1 KiB and more.
  private static let maxBytes = 64 << 20

  let client: HTTPClient
  let endpoint: String
  let timeout: Duration

  func send<Answer: Decodable>(_ path: String, _ request: some Encodable) async throws -> Answer {
    let (deadline, now) = (CallContext.current.deadline, CallContext.current.readClock())
    guard !deadline.hasPassed(at: now) else {
      throw DeadlineExceeded(call: "etcd: \(path)", overdue: deadline.instant.duration(to: now))
    }
    let left = min(deadline.remainingNanoseconds(at: now), timeout.nanosecondsClamped)
    let response = try await client.execute(try post(path, request), timeout: .nanoseconds(left))
    let body = try await response.body.collect(upTo: Self.maxBytes)
    return try read(body, path, status: response.status.code)
  }

  /// Reads answers until the task is cancelled or `onAnswer` throws.
  func stream<Answer: Decodable & Sendable>(
    _ path: String, _ request: some Encodable, _ onAnswer: @Sendable (Answer) async throws -> Void
  ) async throws {
    let response = try await client.execute(try post(path, request), deadline: .distantFuture)
    var line = ByteBuffer()
    for try await chunk in response.body {
      var chunk = chunk
      while let end = chunk.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
        var rest = chunk.readSlice(length: end - chunk.readerIndex) ?? ByteBuffer()
        line.writeBuffer(&rest)
        chunk.moveReaderIndex(forwardBy: 1)
        let answer: EtcdStreamed<Answer> = try read(line, path, status: response.status.code)
        line.clear()
        guard let result = answer.result else {
          throw EtcdError(.refused, path, answer.error?.message ?? "an answer without a result")
        }
        try await onAnswer(result)
      }
      line.writeBuffer(&chunk)
      guard line.readableBytes <= Self.maxBytes else {
        throw EtcdError(.unreadable, path, "a line of more than \(Self.maxBytes) bytes")
      }
    }
    try Task.checkCancellation()
    throw EtcdError(.refused, path, "the stream ended")
  }

  private func post(_ path: String, _ request: some Encodable) throws -> HTTPClientRequest {
    var post = HTTPClientRequest(url: "\(endpoint)/v3/\(path)")
    post.method = .POST
    post.headers.add(name: "Content-Type", value: "application/json")
    post.body = .bytes(try JSONEncoder().encodeAsByteBuffer(request, allocator: ByteBufferAllocator()))
    return post
  }

  private func read<Answer: Decodable>(_ body: ByteBuffer, _ path: String, status: UInt) throws -> Answer {
    if status != 200 {
      let refusal = try? JSONDecoder().decode(EtcdRefusal.self, from: body)
      let message = refusal?.message ?? "HTTP status \(status)"
      throw EtcdError(refusal?.code == EtcdRefusal.notFound ? .notFound : .refused, path, message)
    }
    do {
      return try JSONDecoder().decode(Answer.self, from: body)
    } catch {
      throw EtcdError(.unreadable, path, "\(error)")
    }
  }
}

extension Duration {
  /// Whole seconds, rounded up.
  var roundedUpToSeconds: Int64 {
    let (seconds, attoseconds) = min(max(self, .zero), .seconds(1 << 32)).components
    return seconds + (attoseconds > 0 ? 1 : 0)
  }

  /// Whole nanoseconds, an hour at most.
  var nanosecondsClamped: Int64 {
    let (seconds, attoseconds) = min(max(self, .zero), .seconds(3600)).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}

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

  init(client: HTTPClient, endpoint: String) {
    self.client = client
    self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
  }

  /// - Parameter limit: How long it may take with its answer, more than 0.
  func send<Answer: Decodable & Sendable>(
    _ path: String, _ request: some Encodable, within limit: Duration
  ) async throws -> Answer {
    let post = try post(path, request)
    let call = ServiceCall("etcd: \(path)") { (post: HTTPClientRequest) in
      let response = try await client.execute(post, deadline: .distantFuture)
      return (response.status.code, try await response.body.collect(upTo: Self.maxBytes))
    }
    let (status, body) = try await call.timeout(max(limit, .milliseconds(1)))(post)
    try refuse(status, body, path)
    return try read(body, path)
  }

  /// Reads answers until the task is cancelled or `onAnswer` throws.
  func stream<Answer: Decodable & Sendable>(
    _ path: String, _ request: some Encodable, _ onAnswer: (Answer) async throws -> Void
  ) async throws -> Never {
    let response = try await client.execute(try post(path, request), deadline: .distantFuture)
    if response.status != .ok {
      try refuse(response.status.code, try await response.body.collect(upTo: 1 << 16), path)
    }
    var line = ByteBuffer()
    for try await chunk in response.body {
      var chunk = chunk
      while let end = chunk.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
        var rest = chunk.readSlice(length: end - chunk.readerIndex) ?? ByteBuffer()
        line.writeBuffer(&rest)
        chunk.moveReaderIndex(forwardBy: 1)
        let answer: EtcdStreamed<Answer> = try read(line, path)
        line.clear()
        try await onAnswer(try answer.answer(path))
      }
      line.writeBuffer(&chunk)
      guard line.readableBytes <= Self.maxBytes else {
        throw EtcdError(.unreadable, path, "a line of more than \(Self.maxBytes) bytes")
      }
    }
    try Task.checkCancellation()
    // An error comes without the end of its line.
    if line.readableBytes > 0 {
      let last: EtcdStreamed<Answer> = try read(line, path)
      try await onAnswer(try last.answer(path))
    }
    throw EtcdError(.refused, path, "the stream ended")
  }

  private func post(_ path: String, _ request: some Encodable) throws -> HTTPClientRequest {
    var post = HTTPClientRequest(url: "\(endpoint)/v3/\(path)")
    post.method = .POST
    post.headers.add(name: "Content-Type", value: "application/json")
    post.body = .bytes(try JSONEncoder().encodeAsByteBuffer(request, allocator: ByteBufferAllocator()))
    return post
  }

  private func refuse(_ status: UInt, _ body: ByteBuffer, _ path: String) throws {
    guard status != 200 else { return }
    let refusal = try? JSONDecoder().decode(EtcdRefusal.self, from: body)
    throw EtcdError(refusal ?? EtcdRefusal(message: "HTTP status \(status)", code: nil), path)
  }

  private func read<Answer: Decodable>(_ body: ByteBuffer, _ path: String) throws -> Answer {
    do {
      return try JSONDecoder().decode(Answer.self, from: body)
    } catch {
      throw EtcdError(.unreadable, path, "\(error)")
    }
  }
}

extension EtcdStreamed {
  func answer(_ path: String) throws -> Result {
    if let result { return result }
    throw error.map { EtcdError($0, path) } ?? EtcdError(.unreadable, path, "an answer without a result")
  }
}

extension EtcdError {
  init(_ refusal: EtcdRefusal, _ path: String) {
    self.init(refusal.code == EtcdRefusal.notFound ? .notFound : .refused, path, refusal.message)
  }
}

extension Duration {
  /// Whole seconds, rounded up.
  var roundedUpToSeconds: Int64 {
    let (seconds, attoseconds) = min(max(self, .zero), .seconds(1 << 32)).components
    return seconds + (attoseconds > 0 ? 1 : 0)
  }
}

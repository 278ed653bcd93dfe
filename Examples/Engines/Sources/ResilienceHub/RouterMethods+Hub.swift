internal import Foundation
internal import HTTPTypes
public import Hummingbird
internal import NIOCore
internal import NIOFoundationCompat
internal import Resilience

extension RouterMethods {
  /// Adds the requests of a hub, each of them a POST.
  ///
  /// - Parameters:
  ///   - hub: What is served.
  ///   - path: Where it is. Default: `hub`.
  @discardableResult
  public func addHub(_ hub: Hub, path: RouterPath = "hub") -> Self {
    let hubGroup = group(path)
    for (name, answer) in hub.eventRequests + hub.letterRequests + hub.registryRequests {
      hubGroup.post(RouterPath(name)) { request, _ in await hub.respond(to: request, answer) }
    }
    return self
  }
}

extension Hub {
  typealias Answer = @Sendable (ByteBuffer) async throws -> ByteBuffer

  fileprivate func respond(to request: Request, _ answer: Answer) async -> Response {
    sessions.dropEnded(maxWait: maxWait)
    do {
      let body: ByteBuffer
      do {
        body = try await request.body.collect(upTo: maxBodyBytes)
      } catch is NIOTooManyBytesError {
        throw HubBodyTooLarge(limit: maxBodyBytes)
      }
      return Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: try await answer(body)))
    } catch {
      let fault = (try? HubFrame(HubFault(error)).bytes()) ?? ByteBuffer()
      return Response(
        status: Self.status(of: error), headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: fault))
    }
  }

  private static func status(of error: any Error) -> HTTPResponse.Status {
    switch error {
    case is HubRefusal, is DecodingError, is InvalidEvent: .badRequest
    case is HubBodyTooLarge, is JournalAppendTooLarge: .contentTooLarge
    case is HubCrowded, is CancellationError: .serviceUnavailable
    case is BrokerGroupConflict: .conflict
    case is BrokerGroupMissing: .notFound
    case is BrokerSessionEnded, is StoreCompacted: .gone
    case is BrokerFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
    default: .internalServerError
    }
  }

  /// Reads a document, and answers with one.
  static func answering<Question: Codable, Reply: Codable>(
    _ body: @escaping @Sendable (HubFrame<Question>) async throws -> HubFrame<Reply>
  ) -> Answer {
    { try await body(try HubFrame<Question>(reading: $0)).bytes() }
  }
}

private struct HubBodyTooLarge: Error, CustomStringConvertible {
  let limit: Int

  var description: String { "a body of more than \(limit) bytes" }
}

import GRPCCore
import GRPCNIOTransportHTTP2
import Resilience
import ResilienceGRPC

/// A server of one method without a message, and a client of it, on loopback.
enum Peer {
  static let method = MethodDescriptor(fullyQualifiedService: "test.Peer", method: "Answer", type: .unary)

  static func with<Result: Sendable>(
    _ service: Answering, _ tracer: CallTracer,
    _ body: (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Result
  ) async throws -> Result {
    let transport = HTTP2ServerTransport.Posix(
      address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext)
    return try await withGRPCServer(
      transport: transport, services: [service], interceptors: [ResilienceServerInterceptor(tracer: tracer)]
    ) { _ in
      let port = try await transport.listeningAddress.ipv4?.port ?? 0
      return try await withGRPCClient(
        transport: HTTP2ClientTransport.Posix(
          target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext),
        interceptors: [ResilienceClientInterceptor()]
      ) { try await body($0) }
    }
  }
}

struct NoMessage: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: Void) throws -> Bytes { Bytes([]) }
  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws {}
}

struct Answering: RegistrableRPCService {
  let answer: @Sendable () async throws -> Void

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(forMethod: Peer.method, deserializer: NoMessage(), serializer: NoMessage()) {
      _, _ in
      try await answer()
      return StreamingServerResponse(single: ServerResponse(message: ()))
    }
  }
}

extension GRPCClient {
  func answer() async throws {
    try await unary(
      request: ClientRequest(message: ()), descriptor: Peer.method, serializer: NoMessage(),
      deserializer: NoMessage(), options: .defaults
    ) { response in try response.message }
  }
}

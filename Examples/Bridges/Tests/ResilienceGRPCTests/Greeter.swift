import GRPCCore
import GRPCInProcessTransport
import GRPCNIOTransportHTTP2
import ResilienceGRPC

struct Bytes: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    bytes.withUnsafeBytes { Array($0) }
  }
}

let hello = MethodDescriptor(fullyQualifiedService: "test.Greeter", method: "Hello", type: .unary)

/// A service of one method, whose answer is a closure.
struct Greeter: RegistrableRPCService {
  let answer: @Sendable (ServerRequest<[UInt8]>) async throws -> [UInt8]

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(forMethod: hello, deserializer: Bytes(), serializer: Bytes()) { request, _ in
      let message = try await answer(ServerRequest(stream: request))
      return StreamingServerResponse(single: ServerResponse(message: message))
    }
  }
}

/// A service whose answer is written after its handler has returned, as that of a stream is.
struct Streamer: RegistrableRPCService {
  let answer: @Sendable () async throws -> [UInt8]

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(forMethod: hello, deserializer: Bytes(), serializer: Bytes()) { _, _ in
      StreamingServerResponse(metadata: [:]) { writer in
        try await writer.write(try await answer())
        return [:]
      }
    }
  }
}

extension GRPCClient {
  func hello(_ message: [UInt8] = [], metadata: Metadata = [:]) async throws -> [UInt8] {
    try await unary(
      request: ClientRequest(message: message, metadata: metadata), descriptor: ResilienceGRPCTests.hello,
      serializer: Bytes(), deserializer: Bytes(), options: .defaults
    ) { response in try response.message }
  }
}

/// What carries the RPCs of a test: memory, or HTTP/2 on loopback.
enum Wire: CaseIterable {
  case inProcess, http2

  func run(
    _ service: any RegistrableRPCService,
    _ interceptor: any ServerInterceptor = ResilienceServerInterceptor(),
    _ body: (any HelloClient) async throws -> Void
  ) async throws {
    switch self {
    case .inProcess:
      let transport = InProcessTransport()
      try await withGRPCServer(
        transport: transport.server, services: [service], interceptors: [interceptor]
      ) { _ in
        try await withGRPCClient(
          transport: transport.client, interceptors: [ResilienceClientInterceptor()]
        ) { try await body($0) }
      }
    case .http2:
      let transport = HTTP2ServerTransport.Posix(
        address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext)
      try await withGRPCServer(
        transport: transport, services: [service], interceptors: [interceptor]
      ) { _ in
        let port = try await transport.listeningAddress.ipv4?.port ?? 0
        try await withGRPCClient(
          transport: HTTP2ClientTransport.Posix(
            target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext),
          interceptors: [ResilienceClientInterceptor()]
        ) { try await body($0) }
      }
    }
  }
}

protocol HelloClient: Sendable {
  func hello(_ message: [UInt8], metadata: Metadata) async throws -> [UInt8]
}

extension GRPCClient: HelloClient {}

extension HelloClient {
  func hello() async throws -> [UInt8] { try await hello([], metadata: [:]) }
}

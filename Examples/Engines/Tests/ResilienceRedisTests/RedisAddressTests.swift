import NIOCore
import NIOPosix
import Testing

@testable import ResilienceRedis

extension RedisTests {
  @Suite(.timeLimit(.minutes(1))) struct RedisAddressTests {
    /// A name with several addresses, of which only the last one answers.
    private struct Addresses: Resolver, Sendable {
      let loop: any EventLoop

      func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(["127.0.0.2", "127.0.0.1"], port)
      }

      func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(["::1"], port)
      }

      func cancelQueries() {}

      private func addresses(_ texts: [String], _ port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeCompletedFuture { try texts.map { try SocketAddress(ipAddress: $0, port: port) } }
      }
    }

    @Test func theAddressThatAnswersIsTaken() async throws {
      try await RedisServer.with { (server) async throws in
        for _ in 0..<20 {
          let loop = MultiThreadedEventLoopGroup.singleton.next()
          let connection = RedisConnection.connect(
            to: "redis", server.port, on: loop, timeLimit: .seconds(5), maxReplyBytes: 4096,
            resolver: Addresses(loop: loop))
          defer { connection.close() }
          for number in 0..<3 {
            let reply = PendingReply<RESPValue, RedisError>()
            connection.send(
              RESPCommand("ECHO", [.integer(Int64(number))]), deadline: .now() + .seconds(5)
            ) { reply.give($0) }
            #expect(try await reply.take().get().text("the echo") == "\(number)")
          }
        }
      }
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct RedisBackoffTests {
  @Test func aServerThatClosesAtOnceIsAskedLessAndLess() async throws {
    try await FakeServer.with({ _ in nil }) { server in
      let client = RedisClient(port: server.port, timeLimit: .seconds(20))
      defer { client.close() }
      let end = ContinuousClock.now + .milliseconds(400)
      while ContinuousClock.now < end {
        await #expect(throws: RedisError.self) { try await client.reply(to: RESPCommand("PING")) }
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(2...8 ~= server.connectionCount, "\(server.connectionCount)")
    }
  }
}

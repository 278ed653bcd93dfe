import NIOCore
import NIOPosix
import Synchronization

/// A server that answers what it is told to, whatever is asked.
final class FakeServer: Sendable {
  let port: Int
  private let channel: any Channel

  /// - Parameter answer: The bytes for the n-th read of a connection, from 0; `nil` closes it, none says
  ///   nothing.
  static func with<Result>(
    _ answer: @escaping @Sendable (_ read: Int) -> [UInt8]?,
    _ body: nonisolated(nonsending) (FakeServer) async throws -> Result
  ) async throws -> Result {
    let counter = Counter()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture {
          counter.count.wrappingAdd(1, ordering: .relaxed)
          try child.pipeline.syncOperations.addHandler(Answering(answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let server = FakeServer(channel, counter)
    do {
      let result = try await body(server)
      try await channel.close()
      return result
    } catch {
      try? await channel.close()
      throw error
    }
  }

  private init(_ channel: any Channel, _ counter: Counter) {
    self.channel = channel
    port = channel.localAddress?.port ?? 0
    self.counter = counter
  }

  private let counter: Counter

  var connectionCount: Int { counter.count.load(ordering: .relaxed) }

  private final class Counter: Sendable {
    let count = Atomic(0)
  }

  private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let answer: @Sendable (Int) -> [UInt8]?
    var reads = 0

    init(_ answer: @escaping @Sendable (Int) -> [UInt8]?) {
      self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      defer { reads += 1 }
      guard let bytes = answer(reads) else { return context.close(promise: nil) }
      if !bytes.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil) }
    }
  }
}

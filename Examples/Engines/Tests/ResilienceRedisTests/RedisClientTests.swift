import NIOCore
import Synchronization
import Testing

@testable import ResilienceRedis

/// Against a server that answers as it likes.
@Suite(.timeLimit(.minutes(1)))
struct RedisClientFaultTests {
  private func error(
    within limit: Duration = .seconds(20), _ answer: @escaping @Sendable (Int) -> [UInt8]?
  ) async throws -> RedisError? {
    try await FakeServer.with(answer) { server in
      let client = RedisClient(port: server.port, timeLimit: limit, maxReplyBytes: 2048)
      defer { client.close() }
      do throws(RedisError) {
        _ = try await client.reply(to: RESPCommand("PING"))
        return nil
      } catch {
        return error
      }
    }
  }

  @Test(arguments: [
    "HTTP/1.1 400 Bad Request\r\n\r\n", "$5000\r\n", ":nine\r\n", "*2\r\n:1\r\n\0\r\n",
  ])
  func aReplyThatIsNoneIsAnError(reply: String) async throws {
    let error = try await error { _ in Array(reply.utf8) }
    #expect(error?.reason == .malformedReply)
  }

  @Test func aReplyThatNobodyAskedForEndsTheConnection() async throws {
    try await FakeServer.with({ _ in Array("+1\r\n+2\r\n".utf8) }) { server in
      let client = RedisClient(port: server.port, timeLimit: .seconds(20))
      defer { client.close() }
      // The second of each is nobody's: it must not become the next command's.
      var count = 0
      while count < 3 {
        do throws(RedisError) {
          #expect(try await client.reply(to: RESPCommand("PING")) == .simple("1"))
          count += 1
        } catch {
          #expect(error.reason == .malformedReply)
        }
      }
      #expect(server.connectionCount >= 3)
    }
  }

  @Test(arguments: ["", "$10\r\nabc", "*2\r\n:1\r\n"])
  func aReplyThatDoesNotComeIsAnErrorInTime(part: String) async throws {
    let begin = ContinuousClock.now
    let error = try await error(within: .milliseconds(300)) { _ in Array(part.utf8) }
    #expect(error?.reason == .timedOut)
    #expect(ContinuousClock.now - begin < .seconds(10))
  }

  @Test func aConnectionThatEndsIsAnError() async throws {
    #expect(try await error { _ in nil }?.reason == .closed)
  }

  @Test func nobodyListensIsAnErrorAtOnce() async throws {
    let client = RedisClient(port: try await RedisServer.freePort())
    for _ in 0..<20 {
      do throws(RedisError) {
        _ = try await client.reply(to: RESPCommand("PING"))
        Issue.record("there was a reply")
      } catch {
        #expect(error.reason == .refused, "\(error)")
      }
    }
    client.close()
    do throws(RedisError) {
      _ = try await client.reply(to: RESPCommand("PING"))
      Issue.record("there was a reply")
    } catch {
      #expect(error.reason == .closed)
    }
  }

  @Test func noMoreCommandsWaitThanMay() async throws {
    let reasons = try await FakeServer.with({ _ in [] }) { server in
      let client = RedisClient(port: server.port, timeLimit: .milliseconds(200), maxCommands: 3)
      defer { client.close() }
      return await withTaskGroup { tasks in
        for _ in 0..<10 {
          tasks.addTask {
            do throws(RedisError) {
              _ = try await client.reply(to: RESPCommand("PING"))
              return nil as RedisError.Reason?
            } catch {
              return error.reason
            }
          }
        }
        return await tasks.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(reasons.count { $0 == .tooManyCommands } == 7)
    #expect(reasons.count { $0 == .timedOut } == 3)
  }
}

extension RedisTests {
  @Suite(.timeLimit(.minutes(1))) struct RedisClientTests {
    @Test func repliesAreInOrder() async throws {
      try await RedisServer.with { (server) async throws in
        let client = RedisClient(port: server.port)
        defer { client.close() }
        try await withThrowingTaskGroup { tasks in
          for number in 0..<2000 {
            tasks.addTask {
              let reply = try await client.reply(to: RESPCommand("ECHO", [.integer(Int64(number))]))
              #expect(try reply.text("the echo") == "\(number)")
            }
            // Whoever is cancelled has had its place all the same.
            if number % 10 == 0 {
              tasks.addTask { [client] in
                let task = Task { try await client.reply(to: RESPCommand("ECHO", ["nobody's"])) }
                task.cancel()
                _ = try? await task.value
              }
            }
          }
          try await tasks.waitForAll()
        }
      }
    }

    @Test func aLateReplyIsNobodyElses() async throws {
      try await RedisServer.with { (server) async throws in
        let client = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { client.close() }
        _ = try await client.reply(to: RESPCommand("PING"))
        server.pause()
        do throws(RedisError) {
          _ = try await client.reply(to: RESPCommand("ECHO", ["late"]), within: .milliseconds(50))
          Issue.record("there was a reply")
        } catch {
          #expect(error.reason == .timedOut, "\(error)")
        }
        server.goOn()
        let reply = try await client.reply(to: RESPCommand("ECHO", ["next"]))
        #expect(try reply.text("the echo") == "next")
        let connections = try await client.reply(to: RESPCommand("CLIENT", ["ID"])).integer("the id")
        #expect(try await client.reply(to: RESPCommand("CLIENT", ["ID"])).integer("the id") == connections)
      }
    }

    @Test func anErrorOfTheServerHasItsCode() async throws {
      try await RedisServer.with { (server) async throws in
        let client = RedisClient(port: server.port)
        defer { client.close() }
        _ = try await client.reply(to: RESPCommand("SET", ["text", "a"]))
        do throws(RedisError) {
          _ = try await client.reply(to: RESPCommand("LPUSH", ["text", "a"]))
          Issue.record("there was a reply")
        } catch {
          #expect(error.reason == .server(code: "WRONGTYPE") && error.command == "LPUSH")
        }
      }
    }

    @Test func aScriptIsKnownAgainAfterARestart() async throws {
      try await RedisServer.with { (server) async throws in
        let client = RedisClient(port: server.port)
        defer { client.close() }
        let script = RedisScript("return ARGV[1] + 1")
        for number in 1...3 {
          // A connection that was lost is found out by a command that fails.
          var reply: RESPValue?
          for _ in 0..<100 where reply == nil {
            reply = try? await client.reply(to: script, keys: [], [.integer(Int64(number))])
            if reply == nil { try await Task.sleep(for: .milliseconds(20)) }
          }
          #expect(reply == .integer(Int64(number) + 1))
          server.kill()
          try await server.start()
        }
      }
    }
  }
}

import GRPCCore
import GRPCNIOTransportHTTP2
import Resilience
import ResilienceGRPC
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct InterceptorTests {
  private final class Seen: Sendable {
    let contexts = Mutex<[CallContext]>([])
    let timeouts = Mutex<[String]>([])
  }

  /// The caller's patience arrives as the deadline of the calls that the service makes.
  @Test(arguments: Wire.allCases) func theDeadlineTravels(wire: Wire) async throws {
    let seen = Seen()
    let greeter = Greeter { request in
      seen.contexts.withLock { $0.append(.current) }
      seen.timeouts.withLock { $0 += request.metadata[stringValues: "grpc-timeout"] }
      return []
    }
    try await wire.run(greeter) { client in
      _ = try await client.hello()
      let call = ServiceCall("hello") { (_: Void) in try await client.hello() }.deadline(.seconds(30))
      _ = try await call()
      // A shorter one that the program asked for itself stays.
      let other = ServiceCall("hello") { (_: Void) in
        try await client.hello([], metadata: ["grpc-timeout": "5S"])
      }.deadline(.seconds(30))
      _ = try await other()
    }
    let left = seen.contexts.withLock { $0 }.map { $0.deadline.remaining(at: $0.readClock()) }
    #expect(left[0] > .seconds(1_000_000))
    #expect(left[1] > .seconds(20) && left[1] <= .seconds(30))
    #expect(left[2] <= .seconds(5))
    #expect(seen.timeouts.withLock { $0.count } == 2)
  }

  @Test func aCallWhoseDeadlineHasPassedIsNotSent() async throws {
    let seen = Seen()
    let greeter = Greeter { _ in
      seen.contexts.withLock { $0.append(.current) }
      return []
    }
    try await Wire.inProcess.run(greeter) { client in
      var late = CallContext.current
      late.tightenDeadline(to: Deadline(at: late.readClock().advanced(by: .seconds(-1))))
      let context = late
      await #expect(throws: RPCError.self) {
        try await CallContext.withCurrent(context) { try await client.hello() }
      }
    }
    #expect(seen.contexts.withLock { $0.isEmpty })
  }

  /// Client, attempt, server, and the call that the service makes: one trace, with the parents right.
  @Test(arguments: Wire.allCases) func aTraceGoesThrough(wire: Wire) async throws {
    let store = TraceStore()
    let (shop, bank) = (CallTracer("shop", store: store), CallTracer("bank", store: store))
    let attempts = Mutex(0)
    let greeter = Greeter { _ in
      if attempts.withLock({ attempts in
        attempts += 1
        return attempts == 1
      }) {
        throw RPCError(code: .unavailable, message: "not yet")
      }
      _ = try await ServiceCall("ledger") { (_: Void) in
        #expect(TraceBaggage.current.entries["tier"] == "gold")
      }.trace(bank)()
      return []
    }
    try await wire.run(greeter, ResilienceServerInterceptor(tracer: bank)) { client in
      let call = ServiceCall("hello") { (_: Void) in try await client.hello() }
        .classifyingGRPC().retry(RetryPolicy(backoff: .constant(.milliseconds(1)))).trace(shop)
      var entries = W3CBaggage()
      entries.set("gold", forKey: "tier")
      _ = try await CallContext.withBaggage(TraceBaggage(entries: entries)) { try await call() }
    }
    let all = store.allSpans
    #expect(store.traces.count == 1)
    func span(_ name: String, _ role: SpanRecord.Role = .call) -> [SpanRecord] {
      all.filter { $0.name == name && $0.role == role }
    }
    let (call, tries) = (try #require(span("hello").first), span("hello", .attempt))
    let (served, ledger) = (span("test.Greeter/Hello"), try #require(span("ledger").first))
    #expect(tries.map(\.parent) == [call.ids.span, call.ids.span])
    #expect(served.map(\.parent) == tries.map(\.ids.span))
    #expect(served.map(\.kind) == [.server, .server])
    #expect(served.map(\.service) == ["bank", "bank"])
    #expect(served.map(\.verdict) == [.failure, .success])
    #expect(ledger.parent == served[1].ids.span)
  }

  /// What is written after the handler has returned has the caller's context too, and ends the span.
  @Test func anAnswerThatIsStreamedIsInTheCallersContext() async throws {
    let store = TraceStore()
    let bank = CallTracer("bank", store: store)
    let streamer = Streamer {
      #expect(!CallContext.current.deadline.isNever)
      try await ServiceCall("ledger") { (_: Void) in }.trace(bank)()
      return [7]
    }
    try await Wire.inProcess.run(streamer, ResilienceServerInterceptor(tracer: bank)) { client in
      let call = ServiceCall("hello") { (_: Void) in try await client.hello() }.deadline(.seconds(30))
      let answer = try await call()
      #expect(answer == [7])
    }
    #expect(store.allSpans.map(\.name) == ["ledger", "test.Greeter/Hello"])
    #expect(store.allSpans.first?.parent == store.allSpans.last?.ids.span)
  }

  /// A refusal says when to come again, and the client's retry waits for so long.
  @Test(arguments: Wire.allCases) func aRefusalsPushbackIsWrittenAndHonoured(wire: Wire) async throws {
    let limiter = TokenBucket("greetings", limit: RateLimit(1, per: .milliseconds(200), burst: 1))
    let greeter = Greeter { _ in try await limiter.run { [1] } }
    try await wire.run(greeter) { client in
      _ = try await client.hello()
      do {
        _ = try await client.hello()
        Issue.record("there was no permit")
      } catch let error as RPCError {
        #expect(error.code == .resourceExhausted)
        let milliseconds = error.metadata[stringValues: "grpc-retry-pushback-ms"].first { _ in true }.flatMap
        { Int($0) }
        #expect((1...200).contains(milliseconds ?? 0), "\(error.metadata)")
        let pushback = Outcome(error).pushback
        #expect(pushback.retryAfter == .milliseconds(milliseconds ?? 0))
      }
      // One attempt at once would be in vain: it waits as it was told.
      let call = ServiceCall("hello") { (_: Void) in try await client.hello() }
        .classifyingGRPC().retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.zero)), budget: nil)
      let answer = try await call()
      #expect(answer == [1])
    }
  }

  /// What will not get better by waiting is not to be tried again.
  @Test func anOpenBreakerAndAPassedDeadlineHaveCodesOfTheirOwn() async throws {
    let breaker = CircuitBreaker("db")
    breaker.set(.forcedOpen)
    try await Wire.inProcess.run(Greeter { _ in try await breaker.run { [1] } }) { client in
      let error = await #expect(throws: RPCError.self) { _ = try await client.hello() }
      #expect(error?.code == .unavailable)
      #expect(error?.metadata[stringValues: "grpc-retry-pushback-ms"].map { $0 } == ["-1"])
    }
    let overdue = Greeter { _ in throw DeadlineExceeded(call: "query", overdue: .seconds(1)) }
    try await Wire.inProcess.run(overdue) { client in
      let error = await #expect(throws: RPCError.self) { _ = try await client.hello() }
      #expect(error?.code == .deadlineExceeded)
    }
  }

  /// A server that is down is known as soon as its port refuses, and not at the call's deadline.
  @Test func aServerThatIsDownIsUnavailable() async throws {
    try await withGRPCClient(
      transport: HTTP2ClientTransport.Posix(
        target: .ipv4(address: "127.0.0.1", port: 1), transportSecurity: .plaintext),
      interceptors: [ResilienceClientInterceptor()]
    ) { client in
      let attempts = Mutex(0)
      let call = ServiceCall("hello") { (_: Void) in
        attempts.withLock { $0 += 1 }
        return try await client.hello()
      }
      .classifyingGRPC()
      .retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.milliseconds(1))))
      let error = await #expect(throws: RPCError.self) { _ = try await call() }
      #expect(error?.code == .unavailable)
      #expect(attempts.withLock { $0 } == 2)
    }
  }
}

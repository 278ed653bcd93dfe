import AsyncHTTPClient
import BridgesTestSupport
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import ResilienceAsyncHTTPClient

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct ConnectingTests {
  @Test func aRefusedPortProvesThatNothingWasSent() async throws {
    let url = "http://127.0.0.1:\(try await closedPort())/"
    try await withClient { client in
      let call = client.call("supplier")
      let error = try #require(
        await #expect(throws: (any Error).self) { try await call(HTTPClientRequest(url: url)) })
      #expect(call.outcome(ofError: error) == .failure(.notProcessed))
    }
  }

  @Test func aRefusedHostByNameProvesIt() async throws {
    let url = "http://localhost:\(try await closedPort())/"
    try await withClient { client in
      let call = client.call("supplier")
      let error = try #require(
        await #expect(throws: NIOConnectionError.self) { try await call(HTTPClientRequest(url: url)) })
      #expect(call.outcome(ofError: error) == .failure(.notProcessed))
    }
  }

  @Test func evenAPostGoesOnToAnotherInstance() async throws {
    let dead = try await closedPort()
    let router = Router()
    router.post("orders") { _, _ in "taken" }
    try await withServer(router) { port in
      try await withClient { client in
        let registry = ServiceRegistry()
        for port in [dead, port] {
          registry.register(ServiceInstance(id: "\(port)", service: "shop", address: "127.0.0.1:\(port)"))
        }
        let order = registry.service("shop").calls(by: client, BalancingPolicy(.roundRobin)) { call, _ in call
        }
        .byMethod { $0.retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.zero))) }
        for _ in 1...4 {
          var request = HTTPClientRequest(url: "/orders")
          request.method = .POST
          let response = try await order(request)
          #expect(response.status == .ok)
        }
      }
    }
  }

  @Test func oneDeadInstanceOfTwoCostsNoRequest() async throws {
    let dead = try await closedPort()
    let router = Router()
    router.get("stock") { _, _ in "5" }
    try await withServer(router) { port in
      try await withClient { client in
        let registry = ServiceRegistry()
        for port in [dead, port] {
          registry.register(ServiceInstance(id: "\(port)", service: "shop", address: "127.0.0.1:\(port)"))
        }
        let breakers = CircuitBreakers<String>("shop")
        let budget = RetryBudget("shop", reserve: 50)
        let stock = registry.service("shop")
          .calls(by: client) { call, instance in
            call.timeout(.seconds(5)).circuitBreaker(breakers[instance.id])
          }
          .byMethod { $0.retry(RetryPolicy(), budget: budget).deadline(.seconds(20)) }
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 1...64 {
            group.addTask {
              let response = try await stock(HTTPClientRequest(url: "/stock"))
              _ = try await response.body.collect(upTo: 10)
              return Int(response.status.code)
            }
          }
          for try await status in group { #expect(status == 200) }
        }
      }
    }
  }

  /// The client goes on connecting inside, for ten seconds.
  @Test func aClientThatConnectsAgainTellsTheRefusalAtItsDeadline() async throws {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.connectionPool.retryConnectionEstablishment = true
    let url = "http://127.0.0.1:\(try await closedPort())/"
    try await withClient(configuration) { client in
      let call = client.call("supplier").timeout(.seconds(1))
      let error = try #require(
        await #expect(throws: (any Error).self) { try await call(HTTPClientRequest(url: url)) })
      #expect(call.outcome(ofError: error).pushback.notProcessed, "\(error)")
    }
  }

  @Test func afterARedirectAnErrorProvesNothing() async throws {
    let url = "http://127.0.0.1:\(try await closedPort())/"
    var configuration = HTTPClient.Configuration.resilient()
    configuration.redirectConfiguration = .follow(max: 1, allowCycles: false)
    try await withClient(configuration) { client in
      #expect(ClientTraits(client).followsRedirects)
      let call = client.call("supplier")
      let error = try #require(
        await #expect(throws: (any Error).self) { try await call(HTTPClientRequest(url: url)) })
      #expect(call.outcome(ofError: error) == .failure)
    }
    let shared = ClientTraits(.shared)
    #expect(shared.followsRedirects && shared.connectsAgain)
    try await withClient { client in
      let traits = ClientTraits(client)
      #expect(!traits.followsRedirects && !traits.connectsAgain)
    }
  }

  @Test func aHandshakeThatFailsProvesIt() async throws {
    let router = Router()
    router.get("/") { _, _ in "plain" }
    try await withServer(router) { port in
      try await withClient { client in
        let call = client.call("supplier")
        let error = try #require(
          await #expect(throws: (any Error).self) {
            try await call(HTTPClientRequest(url: "https://127.0.0.1:\(port)/"))
          })
        #expect(call.outcome(ofError: error).pushback.notProcessed)
      }
    }
  }

  @Test func busyConnectionsAreAnOverload_andNothingWasSent() async throws {
    let gate = Gate()
    let router = Router()
    router.get("/") { _, _ in
      await gate.pass()
      return "late"
    }
    router.get("quick") { _, _ in "quick" }
    var configuration = HTTPClient.Configuration.resilient(connect: .milliseconds(200))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
    try await withServer(router) { [configuration] port in
      try await withClient(configuration) { client in
        let call = client.call("supplier")
        // From here on the one connection is there.
        let quick = HTTPClientRequest(url: "http://127.0.0.1:\(port)/quick")
        _ = try await client.call(maxBodyBytes: 10).retry(maxAttempts: 20)(quick)
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
        async let first = call(request)
        await gate.waitForVisitors(1)
        let error = try #require(
          await #expect(throws: HTTPClientError.getConnectionFromPoolTimeout) { try await call(request) })
        gate.open()
        _ = try await first.body.collect(upTo: 100)
        let pushback = call.outcome(ofError: error).pushback
        #expect(pushback == Pushback(overloaded: true, notProcessed: true))
      }
    }
  }

  @Test func aRequestThatCannotBeSentSaysNothingOfTheDestination() async throws {
    try await withClient { client in
      let call = client.call("supplier").retry()
      for url in ["", "http://", "gopher://127.0.0.1/", "no url"] {
        let error = try #require(
          await #expect(throws: HTTPClientError.self) { try await call(HTTPClientRequest(url: url)) })
        #expect(call.outcome(ofError: error).verdict == .neutral, "\(url)")
      }
    }
  }

  @Test func aConnectionThatClosesProvesNothing() {
    #expect(Outcome(ofSending: HTTPClientError.remoteConnectionClosed) == nil)
    #expect(Outcome(ofSending: HTTPClientError.readTimeout) == nil)
    #expect(Outcome(ofSending: HTTPClientError.deadlineExceeded) == nil)
    #expect(Outcome(ofSending: IOError(errnoCode: ECONNRESET, reason: "read")) == nil)
  }
}

// The code of the pages in Documentation, compiled; a test of the root compares the texts. Nothing here is
// run.

import AsyncHTTPClient
import Configuration
import Foundation
import GRDB
import GRPCCore
import HTTPTypes
import Hummingbird
import Logging
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceConfiguration
import ResilienceDistributedTracing
import ResilienceGRDB
import ResilienceGRPC
import ResilienceHTTPTypes
import ResilienceHummingbird
import ResilienceLogging
import ResilienceServiceLifecycle
import ResilienceSwiftMetrics
import ServiceLifecycle
import SystemPackage
import Tracing
import UnixSignals

struct Payments: Sendable {
  func charge(_ amount: Int) async throws -> Int { amount }
}

struct Greeter: Sendable {
  func sayHello(_ name: String) async throws -> String { name }
}

struct Server: Service {
  func run() async throws {}
}

func asyncHTTPClientPage() async throws -> HTTPClientResponse {
  let client = HTTPClient(configuration: .resilient())
  let stock = client.call("supplier").httpStack(StandardStack("supplier"))

  let response = try await stock(HTTPClientRequest(url: "http://10.0.0.7:8080/stock/17"))
  return response
}

func balancedClientPage(
  _ client: HTTPClient, _ registry: ServiceRegistry, _ tracer: CallTracer
) async throws -> HTTPClientResponse {
  let breakers = CircuitBreakers<String>("supplier")
  let budget = RetryBudget("supplier", reserve: 50)
  let stock = registry.service("supplier")
    .calls(by: client) { call, instance in call.timeout(.seconds(1)).circuitBreaker(breakers[instance.id]) }
    .byMethod { $0.retry(RetryPolicy(), budget: budget).deadline(.seconds(3)) }
    .trace(tracer)

  let response = try await stock(HTTPClientRequest(url: "/stock/17"))
  return response
}

// The shapes that swift-openapi-generator's runtime has.
struct HTTPBody: Sendable {
  enum IterationBehavior { case single, multiple }
  var iterationBehavior: IterationBehavior
}

protocol ClientMiddleware: Sendable {
  func intercept(
    _ request: HTTPRequest, body: HTTPBody?, baseURL: URL, operationID: String,
    next: @Sendable (HTTPRequest, HTTPBody?, URL) async throws -> (HTTPResponse, HTTPBody?)
  ) async throws -> (HTTPResponse, HTTPBody?)
}

struct Resilient: ClientMiddleware {
  let layers = HTTPMiddleware<HTTPBody, URL>(StandardStack("petstore"))

  func intercept(
    _ request: HTTPRequest, body: HTTPBody?, baseURL: URL, operationID: String,
    next: @Sendable (HTTPRequest, HTTPBody?, URL) async throws -> (HTTPResponse, HTTPBody?)
  ) async throws -> (HTTPResponse, HTTPBody?) {
    try await layers.intercept(
      request, body: body, baseURL: baseURL, operationID: operationID,
      isReplayable: body?.iterationBehavior != .single, next: next)
  }
}

func byMethodPage(_ client: HTTPClient) {
  let breaker = CircuitBreaker("supplier")
  let call = client.call("supplier").byMethod { $0.timeout(.seconds(1)).circuitBreaker(breaker).retry() }
  _ = call
}

func hummingbirdPage(
  _ readiness: ReadinessEndpoint, _ stack: StandardStack, _ limiter: KeyedRateLimiter<String>,
  _ tracer: CallTracer, _ bulkhead: Bulkhead
) async throws {
  let router = Router()
  router.addHealth(readiness)  // GET /health/live, GET /health/ready
  router.addMetrics { [stack, limiter.snapshot()] }  // GET /metrics
  router.addMiddleware {
    RefusalMiddleware()  // 503 and 504 for what layers below refuse
    CallTraceMiddleware(tracer)  // a span around the request, of the caller's trace
    DeadlineMiddleware(limit: .seconds(2))  // the caller's deadline, or this one
    RateLimitMiddleware(limiter) { request, _ in request.headers[.authorization] }  // 429
    BulkheadMiddleware(bulkhead)  // 503
  }
  let app = Application(router: router)
  try await app.runService(draining: readiness)
}

func configurationPage(_ payments: Payments, _ server: Server, _ logger: Logger) async throws {
  let file = try await ReloadingFileProvider<JSONSnapshot>(
    filePath: "config.json", pollInterval: .milliseconds(500))
  let config = ConfigReader(providers: [EnvironmentVariablesProvider(), file])
  let stacks = try ConfiguredStacks(config.scoped(to: "resilience"), names: ["payment", "stock"])

  let charge = ServiceCall("charge") { (amount: Int) in try await payments.charge(amount) }
    .standardStack(stacks["payment"])
  let group = ServiceGroup(services: [file, stacks, server], logger: logger)
  _ = (charge, group)
}

func distributedTracingPage(_ store: TraceStore, _ reporter: SpanReporter) {
  InstrumentationSystem.bootstrap(ResilienceTracer(CallTracer("checkout", store: store, reporter: reporter)))
}

struct Entry: Codable, PersistableRecord {
  var amount: Int
}

actor Ledger {
  let database: GuardedPool  // GuardedPool(try DatabasePool(path: path))

  func book(_ entry: Entry) async throws {
    try await database.write { db in try entry.insert(db) }
  }

  init(_ database: GuardedPool) {
    self.database = database
  }
}

func gRPCPage(
  _ transport: some ClientTransport, _ listener: some ServerTransport, _ service: any RegistrableRPCService,
  _ greeter: Greeter, _ tracer: CallTracer, _ stacks: StandardStacks
) {
  let client = GRPCClient(transport: transport, interceptors: [ResilienceClientInterceptor()])
  let server = GRPCServer(
    transport: listener, services: [service], interceptors: [ResilienceServerInterceptor(tracer: tracer)])

  let greet = ServiceCall("greet") { (name: String) in try await greeter.sayHello(name) }
    .classifyingGRPC()
    .standardStack(stacks["greeter"])
    .trace(tracer)
  _ = (client, server, greet)
}

func loggingPage(_ logger: Logger, _ server: Server) async throws {
  try await EventLog(logger).observing { try await server.run() }
}

func bootstrapPage() {
  LoggingSystem.bootstrap(StreamLogHandler.standardOutput, metadataProvider: .resilience)
}

func serviceLifecyclePage(
  _ reporter: SpanReporter, _ bus: EventBus, _ server: Server, _ store: some RegistryStore,
  _ me: ServiceInstance, _ logger: Logger
) {
  let group = ServiceGroup(
    services: [reporter.service(), bus.service(), server, store.service(listing: me)],
    gracefulShutdownSignals: [.sigterm], logger: logger)
  _ = group
}

func swiftMetricsPage(_ breaker: CircuitBreaker, _ bus: EventBus, _ stacks: StandardStacks) async throws {
  try await withThrowingTaskGroup { group in
    let reporter = SnapshotReporter { [breaker.snapshot(), bus.snapshot(), stacks["payment"]] }
    group.addTask { try await reporter.run() }  // every ten seconds, and once at the end
    try await group.waitForAll()
  }
}

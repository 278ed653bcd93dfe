import AsyncHTTPClient
import Hummingbird
import ResilienceAsyncHTTPClient
import ResilienceHummingbird

// gateway PORT SUPPLIER-PORT...
let ports = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let registry = ServiceRegistry()
for port in ports.dropFirst() {
  let supplier = ServiceInstance(id: "supplier-\(port)", service: "supplier", address: "127.0.0.1:\(port)")
  registry.register(supplier, ttl: .seconds(1_000_000_000))
}

// What it calls: balanced, each attempt within 250 ms, a breaker for each supplier, retries, a deadline.
let client = HTTPClient(configuration: .resilient(connect: .milliseconds(200)))
let tracer = CallTracer("gateway", sampler: .parentBased(root: .ratio(0.01)))
let breakers = CircuitBreakers<String>("supplier")
// As many requests as are under way fail at once when a supplier dies: more than the usual reserve of 3.
let budget = RetryBudget("supplier", reserve: 50)
let stock = registry.service("supplier")
  .calls(by: client) { $0.timeout(.milliseconds(250)).circuitBreaker(breakers[$1.id]) }
  .byMethod { $0.retry(RetryPolicy(), budget: budget).deadline(.seconds(1)) }
  .trace(tracer)

// How it protects itself.
let limiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(50_000))
let bulkhead = Bulkhead("gateway", limit: .fixed(200), maxWaiting: 200)
let readiness = ReadinessEndpoint(checks: [])

let router = Router()
router.addHealth(readiness)
router.addMetrics { [breakers.snapshot(), budget.snapshot(), limiter.snapshot(), bulkhead.snapshot()] }
router.addMiddleware {
  RefusalMiddleware(otherwise: .badGateway)
  CallTraceMiddleware(tracer)
  DeadlineMiddleware(limit: .seconds(2))
  RateLimitMiddleware(limiter) { request, _ in request.headers[.authorization] ?? "anonymous" }
  BulkheadMiddleware(bulkhead)
}
router.get("stock/:id") { request, context in
  let id = try context.parameters.require("id")
  let response = try await stock(HTTPClientRequest(url: "/stock/\(id)?\(request.uri.query ?? "")"))
  return Response(
    status: .init(code: Int(response.status.code)), body: ResponseBody(asyncSequence: response.body))
}

let app = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: ports[0])))
try await app.runService(draining: readiness, notice: .milliseconds(200))
try await client.shutdown().get()

import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import ResilienceAsyncHTTPClient
import ResilienceHummingbird

// costs CASE COUNT [URL]: does one thing so often, for valgrind to count. See the script `costs`.
let arguments = CommandLine.arguments
guard arguments.count >= 3, let count = Int(arguments[2]) else { fatalError("costs CASE COUNT [URL]") }
let url = arguments.count > 3 ? arguments[3] : ""

switch arguments[1] {
case "next": try await sendGenerically(through: nil)
case "middleware": try await sendGenerically(through: HTTPMiddleware(StandardStack("petstore")))
case "execute", "call", "stack": try await send(arguments[1])
case let name: try await serve(name)
}

func sendGenerically(through middleware: HTTPMiddleware<String, String>?) async throws {
  let request = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/pets")
  let next: @Sendable (HTTPRequest, String?, String) async throws -> (HTTPResponse, String?) = { _, body, _ in
    (HTTPResponse(status: .ok), body)
  }
  for _ in 0..<count {
    if let middleware {
      _ = try await middleware.intercept(request, body: nil, baseURL: "http://pets", next: next)
    } else {
      _ = try await next(request, nil, "http://pets")
    }
  }
}

func send(_ name: String) async throws {
  let client = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .resilient(connect: .seconds(30)))
  let request = HTTPClientRequest(url: url)
  let call = client.call("supplier")
  let stack = call.httpStack(
    StandardStack("supplier", policy: StandardStackPolicy(deadline: .seconds(60), timeout: .seconds(30))))
  for _ in 0..<count {
    let response =
      switch name {
      case "call": try await call(request)
      case "stack": try await stack(request)
      default: try await client.execute(request, deadline: .distantFuture)
      }
    _ = try await response.body.collect(upTo: 1000)
  }
  try await client.shutdown().get()
}

func serve(_ name: String) async throws {
  let router = Router()
  let limiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(1_000_000_000))
  let bulkhead = Bulkhead("gateway", limit: .fixed(200), maxWaiting: 200)
  if name == "refusal" || name == "all" { router.add(middleware: RefusalMiddleware()) }
  if name == "trace" || name == "all" {
    router.add(middleware: CallTraceMiddleware(CallTracer("gateway", sampler: .never)))
  }
  if name == "sampled" {
    router.add(middleware: CallTraceMiddleware(CallTracer("gateway", sampler: .always)))
  }
  if name == "deadline" || name == "all" { router.add(middleware: DeadlineMiddleware(limit: .seconds(60))) }
  if name == "limit" || name == "all" {
    router.add(middleware: RateLimitMiddleware(limiter) { _, _ in "customer" })
  }
  if name == "bare-limit" {
    router.add(middleware: RateLimitMiddleware(limiter, sendsFields: false) { _, _ in "customer" })
  }
  if name == "bulkhead" || name == "all" { router.add(middleware: BulkheadMiddleware(bulkhead)) }
  router.get("stock/:id") { _, _ in Response(status: .ok) }
  let responder = router.buildResponder()
  let request = Request(
    head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/stock/17"),
    body: RequestBody(buffer: ByteBuffer()))
  let context = BasicRequestContext(
    source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "costs")))
  for _ in 0..<count { _ = try await responder.respond(to: request, context: context) }
}

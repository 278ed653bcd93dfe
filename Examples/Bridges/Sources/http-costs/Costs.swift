import AsyncHTTPClient
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import ResilienceAsyncHTTPClient
import ResilienceHummingbird

/// `http-costs CASE COUNT [URL]` does one thing so often, for valgrind to count; see the script of that name.
@main
struct Costs {
  static func main() {
    let words = CommandLine.arguments
    guard words.count >= 3, let count = Int(words[2]) else {
      print("http-costs CASE COUNT [URL]")
      exit(64)
    }
    let arguments = Arguments(name: words[1], count: count, url: words.count > 3 ? words[3] : "")
    // valgrind does not survive a main thread that ends before the others: it waits, and the work is another
    // task's, which nothing here may hold up.
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      try await run(arguments)
      done.signal()
    }
    done.wait()
  }
}

private struct Arguments {
  var name: String
  var count: Int
  var url: String
}

private func run(_ arguments: Arguments) async throws {
  switch arguments.name {
  case "next": try await sendGenerically(arguments, through: nil)
  case "middleware": try await sendGenerically(arguments, through: HTTPMiddleware(StandardStack("petstore")))
  case "execute", "call", "stack": try await send(arguments)
  default: try await serve(arguments)
  }
}

private func sendGenerically(_ arguments: Arguments, through middleware: HTTPMiddleware<String, String>?)
  async throws
{
  let request = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/pets")
  let next: @Sendable (HTTPRequest, String?, String) async throws -> (HTTPResponse, String?) = { _, body, _ in
    (HTTPResponse(status: .ok), body)
  }
  for _ in 0..<arguments.count {
    if let middleware {
      _ = try await middleware.intercept(request, body: nil, baseURL: "http://pets", next: next)
    } else {
      _ = try await next(request, nil, "http://pets")
    }
  }
}

private func send(_ arguments: Arguments) async throws {
  let client = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .resilient(connect: .seconds(30)))
  let request = HTTPClientRequest(url: arguments.url)
  let call = client.call("supplier")
  let stack = call.httpStack(
    StandardStack("supplier", policy: StandardStackPolicy(deadline: .seconds(60), timeout: .seconds(30))))
  for _ in 0..<arguments.count {
    let response =
      switch arguments.name {
      case "call": try await call(request)
      case "stack": try await stack(request)
      default: try await client.execute(request, deadline: .distantFuture)
      }
    _ = try await response.body.collect(upTo: 1000)
  }
  try await client.shutdown().get()
}

private func serve(_ arguments: Arguments) async throws {
  let name = arguments.name
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
  for _ in 0..<arguments.count { _ = try await responder.respond(to: request, context: context) }
}

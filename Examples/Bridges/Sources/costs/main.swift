import Configuration
import CoreMetrics
import Foundation
import GRDB
import GRPCCore
import Instrumentation
import Logging
import Resilience
import ResilienceConfiguration
import ResilienceDistributedTracing
import ResilienceGRDB
import ResilienceGRPC
import ResilienceLogging
import ResilienceSwiftMetrics
import Tracing

// Repeats one case: `costs CASE TIMES`. The script `costs` counts what a repetition takes.

struct Down: Error {}

let plain = ServiceCall("call") { (_: Int) in }
let retried = plain.retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.zero, jitter: .none)), budget: nil)
let failing = ServiceCall("call") { (_: Int) in throw Down() }
  .retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.zero, jitter: .none)), budget: nil)
let tracer = CallTracer("costs", store: TraceStore(capacity: 1_000))

/// Takes lines and drops them.
struct Nobody: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  func log(event: LogEvent) {}

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}

func logger(_ level: Logger.Level) -> Logger {
  var logger = Logger(label: "costs") { _ in Nobody() }
  logger.logLevel = level
  return logger
}

/// Work that does not suspend: callgrind 3.19 fails where threads come and go.
func nothing() async {}

func times(_ count: Int, _ body: () async throws -> Void) async {
  for _ in 0..<count { try? await body() }
}

func request() -> StreamingClientRequest<Int> { StreamingClientRequest(metadata: [:]) { _ in } }

let descriptor = MethodDescriptor(fullyQualifiedService: "a.B", method: "C", type: .unary)

func runLogging(_ name: String, _ count: Int) async -> Bool {
  switch name {
  case "retry": await times(count) { try await retried(1) }
  case "retry, a log bound":
    await EventLog(logger(.info)).observing { await times(count) { try await retried(1) } }
  case "two attempts": await times(count) { try await failing(1) }
  case "two attempts, a log bound, below its level":
    await EventLog(logger(.error)).observing { await times(count) { try await failing(1) } }
  case "two attempts, a log bound, two lines for nobody":
    await EventLog(logger(.trace)).observing { await times(count) { try await failing(1) } }
  default: return false
  }
  return true
}

func runMetrics(_ name: String, _ count: Int) async -> Bool {
  let timed = plain.timed(by: CallTimer("call", factory: NOOPMetricsHandler.instance))
  let stack = StandardStack("payment")
  let reporter = SnapshotReporter(factory: NOOPMetricsHandler.instance) { [stack] }
  switch name {
  case "call": await times(count) { try await plain(1) }
  case "call, timed": await times(count) { try await timed(1) }
  case "report of a standard stack": await times(count) { reporter.report() }
  case "snapshot of a standard stack": await times(count) { _ = stack.metrics }
  case "two attempts, events counted":
    await EventCounter(factory: NOOPMetricsHandler.instance).observing {
      await times(count) { try await failing(1) }
    }
  default: return false
  }
  return true
}

func runTracing(_ name: String, _ count: Int) async -> Bool {
  let bridge = ResilienceTracer(tracer)
  let quiet = ResilienceTracer(CallTracer("costs", sampler: .never, store: TraceStore(capacity: 0)))
  let joining = plain.joiningServiceContext()
  switch name {
  case "span of the toolkit": await times(count) { await tracer.span("work") { await nothing() } }
  case "withSpan": await times(count) { await bridge.withSpan("work") { _ in await nothing() } }
  case "withSpan, not sampled":
    await times(count) { await quiet.withSpan("work") { _ in await nothing() } }
  case "withSpan, another tracer's":
    await times(count) { await NoOpTracer().withSpan("work") { _ in await nothing() } }
  case "call, joining nothing": await times(count) { try await joining(1) }
  case "call, joining a span":
    await bridge.withSpan("outer") { _ in await times(count) { try await joining(1) } }
  default: return false
  }
  return true
}

func runGRPC(_ name: String, _ count: Int) async -> Bool {
  let (client, server) = (ResilienceClientInterceptor(), ResilienceServerInterceptor())
  let context = ClientContext(descriptor: descriptor, remotePeer: "", localPeer: "")
  let fields: Metadata = [
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "grpc-timeout": "1S",
  ]
  let answer = StreamingServerResponse<Int>(metadata: [:]) { _ in [:] }
  switch name {
  case "client interceptor, nothing to say":
    await times(count) {
      _ = try await client.intercept(request: request(), context: context) { _, _ in
        StreamingClientResponse<Int>(of: Int.self, error: RPCError(code: .unknown, message: ""))
      }
    }
  case "client interceptor, trace and deadline":
    await tracer.span("outer") {
      var call = CallContext.current
      call.tightenDeadline(to: Deadline(at: call.readClock().advanced(by: .seconds(1_000))))
      let bound = call
      await CallContext.withCurrent(bound) {
        await times(count) {
          _ = try await client.intercept(request: request(), context: context) { _, _ in
            StreamingClientResponse<Int>(of: Int.self, error: RPCError(code: .unknown, message: ""))
          }
        }
      }
    }
  case "server interceptor":
    await withServerContextRPCCancellationHandle { handle in
      let context = ServerContext(
        descriptor: descriptor, remotePeer: "", localPeer: "", cancellation: handle)
      await times(count) {
        let request = StreamingServerRequest<Int>(
          metadata: fields, messages: RPCAsyncSequence(wrapping: AsyncThrowingStream { $0.finish() }))
        _ = try await server.intercept(request: request, context: context) { _, _ in answer }
      }
    }
  case "server request, no interceptor":
    await times(count) {
      let request = StreamingServerRequest<Int>(
        metadata: fields, messages: RPCAsyncSequence(wrapping: AsyncThrowingStream { $0.finish() }))
      _ = request.metadata.count
    }
  default: return false
  }
  return true
}

func runOthers(_ name: String, _ count: Int) async throws -> Bool {
  switch name {
  case "two stacks read from a configuration":
    let memory = InMemoryProvider(values: ["payment.deadline": "5s", "payment.retry.maxAttempts": 4])
    let stacks = try ConfiguredStacks(ConfigReader(provider: memory), names: ["payment", "stock"])
    await times(count) { try stacks.reload() }
  case "read of a pool", "read of a guarded pool":
    let folder = FileManager.default.temporaryDirectory.appending(path: "costs-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = try DatabasePool(path: folder.appending(path: "db.sqlite").path())
    let guarded = GuardedPool(pool)
    if name == "read of a pool" {
      await times(count) { _ = try await pool.read { try Int.fetchOne($0, sql: "SELECT 1") } }
    } else {
      await times(count) { _ = try await guarded.read { try Int.fetchOne($0, sql: "SELECT 1") } }
    }
  default: return false
  }
  return true
}

guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[2]) else {
  print("costs CASE TIMES")
  exit(64)
}
let name = CommandLine.arguments[1]
let isKnown = await runLogging(name, count)
let isMetric = isKnown ? true : await runMetrics(name, count)
let isTrace = isMetric ? true : await runTracing(name, count)
let isRPC = isTrace ? true : await runGRPC(name, count)
let isOther = isRPC ? true : try await runOthers(name, count)
if !isOther {
  print("there is no case \(name)")
  exit(64)
}

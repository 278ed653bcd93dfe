import Logging
import ResilienceCore
import ResilienceEventBus
import ResilienceRegistry
import ResilienceServiceLifecycle
import ResilienceTestKit
import ResilienceTrace
import ServiceLifecycle
import Synchronization
import Testing

@Suite struct DrainingServiceTests {
  private final class Names: Sendable { let value = Mutex<[String]>([]) }

  private func run(
    _ services: [any Service], until shutDown: @Sendable () async throws -> Void
  ) async throws {
    let group = ServiceGroup(
      services: services, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await group.run() }
      try await shutDown()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  /// What is queued when the group shuts down is delivered before the group ends.
  @Test func aBusDeliversWhatIsQueuedBeforeItEnds() async throws {
    let bus = EventBus(source: "shop")
    let placed = EventType<Int>("order_placed")
    let handled = Mutex<[Int]>([])
    try bus.subscribe(
      to: placed, group: "billing",
      handler: EventHandler("bill") { (event: Event<Int>) in
        // All of them wait until the shutdown has begun.
        try await gracefulShutdown()
        handled.withLock { $0.append(event.data) }
      })
    try await run([bus.service()]) {
      for order in 1...20 { try await bus.publish(order, as: placed, subject: "one") }
    }
    #expect(handled.withLock { $0 } == Array(1...20))
  }

  /// Listed first it is the last to shut down, and sends what is left: no span waits for the next interval.
  @Test func aReporterSendsWhatIsLeft() async throws {
    struct Exporter: SpanExporter {
      let names: Names
      func export(_ batch: SpanBatch) async throws { names.value.withLock { $0 += batch.spans.map(\.name) } }
    }
    let names = Names()
    let reporter = SpanReporter(to: Exporter(names: names), policy: ReportPolicy(interval: .seconds(3600)))
    let tracer = CallTracer("shop", store: TraceStore(capacity: 0), reporter: reporter)
    try await run([reporter.service()]) { await tracer.span("last") {} }
    #expect(names.value.withLock { $0 } == ["last"])
  }

  /// What ends by cancellation ends without an error, so that the group shuts down the others in good order.
  @Test func whatEndsByCancellationReturns() async throws {
    let registry = ServiceRegistry()
    let store = MemoryRegistryStore()
    let instance = ServiceInstance(id: "a", service: "shop", address: "127.0.0.1:1")
    let stored = ServiceInstance(id: "b", service: "shop", address: "127.0.0.1:2")
    let replica = RegistryReplica(of: store, in: ServiceRegistry(), services: ["shop"])
    let monitor = HealthMonitor(registry, service: "shop") { _ in }
    let notifier = HealthNotifier(registry, service: "shop") { _ in }
    try await run([
      registry.service(), replica.service(), monitor.service(), notifier.service(),
      registry.service(listing: instance), store.service(listing: stored),
    ]) {
      while registry.instances(of: "shop").members.isEmpty { await Task.yield() }
      while try await store.list("shop").records.isEmpty { await Task.yield() }
    }
    #expect(registry.instances(of: "shop").members.isEmpty)
    #expect(try await store.list("shop").records.isEmpty)
  }

  /// Without a graceful shutdown a cancellation is one.
  @Test func aCancellationIsThrown() async throws {
    let bus = EventBus(source: "shop")
    let task = Task { try await bus.service().run() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// What fails by itself is thrown at once, and does not wait for a shutdown.
  @Test func anErrorIsThrown() async throws {
    struct Broken: Error {}
    await #expect(throws: Broken.self) { try await DrainingService("broken") { throw Broken() }.run() }
    try await DrainingService("done") {}.run()
  }
}

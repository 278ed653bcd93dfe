import AsyncHTTPClient
import Foundation
import GRDB
import Logging
import NIOCore
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceHummingbird
import ResilienceLogging
import ResilienceSQLite
import Synchronization

/// What a service is made of: its bus, its calls to others, its database, its spans.
final class Platform: Sendable {
  let name: String
  /// The name of this instance, such as `orders-1`: the same after a restart.
  let instance: String
  let settings: ServiceSettings
  /// What time limits, retries, breakers and deliveries go by.
  let configuration: LiveConfiguration
  let bus: EventBus
  let registry = ServiceRegistry()
  let client = HTTPClient(configuration: .resilient(connect: .milliseconds(300)))
  let tracer: CallTracer
  let reporter: SpanReporter?
  let logger: Logger
  /// What is counted of the answers.
  let answers = AnswerMeter()
  let start = ProcessStart()
  /// What is counted of the calls to each service.
  let callees = Mutex<[Callee]>([])
  private let ownGroups = Mutex<[String]>([])
  /// Those that were made so far.
  let databases = Mutex<[ServiceDatabase]>([])

  init(_ name: String, _ settings: ServiceSettings, logger: Logger) {
    self.name = name
    instance = "\(name)-\(settings.instance)"
    self.settings = settings
    self.logger = logger
    configuration = LiveConfiguration(
      file: "\(settings.directory)/\(instance).configuration.json", logger: logger)
    bus = EventBus(source: name, broker: settings.broker)
    reporter = settings.collector.map { [client] in
      SpanReporter(
        to: OTLPExporter(OTLPTransport.to($0, by: client)), policy: ReportPolicy(interval: .seconds(1)))
    }
    // All traces of a day, and of a crowd no more than so many in a second that begin here.
    let sampler = Sampler.parentBased(root: .rateLimited(50))
    tracer = CallTracer(
      name, sampler: reporter == nil ? .never : sampler, store: TraceStore(capacity: 0),
      reporter: reporter)
  }

  struct Callee: Sendable {
    var breakers: CircuitBreakers<String>
    var openings: BreakerOpenings
    var budget: RetryBudget

    var metrics: [any MetricSource] { [breakers.snapshot(), openings.snapshot(), budget.snapshot()] }
  }

  /// Calls to another service: balanced over its instances, each with a breaker of its own, so that one that
  /// is dead does not close the way to the others.
  func calls(to service: String) -> AnyHandler<HTTPClientRequest, HTTPClientResponse> {
    if settings.isBare { return bareCalls(to: service) }
    let openings = BreakerOpenings(service)
    // As many requests as are under way fail at once when an instance dies.
    let callee = Callee(
      breakers: CircuitBreakers(service, onEvent: { openings.record($0) }), openings: openings,
      budget: RetryBudget(service, reserve: 50))
    callees.withLock { $0.append(callee) }
    let policy = LiveCallPolicy()
    configuration.apply { policies in
      let current = policies.calls[service] ?? CallPolicy()
      policy.update(current)
      callee.breakers.update(current.circuitBreaker)
    }
    return registry.service(service)
      .calls(by: client, maxBodyBytes: 1 << 20) { call, instance in
        call.timeout(live: policy.timeout).circuitBreaker(callee.breakers[instance.id])
      }
      .byMethod { $0.retry(live: policy.retry, budget: callee.budget).deadline(live: policy.deadline) }
      .trace(tracer).erased()
  }

  /// What one writes without a toolkit: the first instance, whatever has become of it, and a time limit.
  private func bareCalls(to service: String) -> AnyHandler<HTTPClientRequest, HTTPClientResponse> {
    ServiceCall { [registry, client] (request: HTTPClientRequest) in
      var request = request
      request.url = "http://\(try registry.requireInstance(of: service).address)\(request.url)"
      return try await client.execute(request, timeout: .seconds(3))
    }.erased()
  }

  /// The service's own database; its outbox runs with the service.
  func database(_ schema: String) throws -> ServiceDatabase {
    let log = EventLog(logger)
    let database = try ServiceDatabase(
      path: "\(settings.directory)/\(name).sqlite", source: name, schema: schema, onEvent: { log($0) })
    databases.withLock { $0.append(database) }
    return database
  }

  /// Handles events of a type; what it publishes is published if it succeeds.
  ///
  /// - Parameter isOfInstance: Whether this instance has a group of its own, which the broker forgets when
  ///   it shuts down: nobody else would ever take its events. One that was killed comes back under its name.
  func handle<Payload>(
    _ type: EventType<Payload>, isOfInstance: Bool = false,
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Payload>) async throws -> Void
  ) throws {
    let group = isOfInstance ? instance : name
    // The broker knows a group by what it subscribes to as well.
    if isOfInstance { ownGroups.withLock { $0.append("\(group)/\(type.name)") } }
    try bus.subscribe(to: type, group: group, handler: EventHandler(group, body).outbox(bus))
    configuration.apply { [bus, name] policies in
      guard let policy = policies.deliveries[name] else { return }
      bus.update(policy, forGroup: group, of: type)
    }
  }

  /// A step of an order's way: in one transaction what is done, the note that the event was handled, and the
  /// event that follows.
  ///
  /// Another event that asks for a step which was done for the order does nothing again, and has what
  /// followed published again: it may have been lost.
  ///
  /// - Parameters:
  ///   - prepare: Comes before the transaction, each time that the event comes, and may wait.
  ///   - body: Does the step, and says what follows from it: `nil` for nothing.
  func step(
    on type: EventType<Order>, in database: ServiceDatabase,
    after prepare: @escaping @Sendable (Order) async throws -> Void = { _ in },
    _ body: @escaping @Sendable (Order, Database) throws -> EventType<Order>?
  ) throws {
    try handle(type) { event in
      let context = CallContext.current
      try await prepare(event.data)
      try await database.handleOnce(event) { transaction in
        let order = event.data
        let known = try transaction.outcome(of: order, on: type)
        let outcome = try known ?? StepOutcome(next: body(order, transaction))
        if known == nil { try transaction.record(outcome, of: order, on: type) }
        guard let next = outcome.next else { return }
        try database.publish(next, after: event, in: transaction, context)
      }
    }
  }

  /// Ends the bus, and has the broker forget this instance's own groups.
  func shutDownBus() async {
    await bus.shutDown(grace: .seconds(5))
    for group in ownGroups.withLock(\.self) {
      do {
        try await settings.broker.removeGroup(group)
      } catch {
        logger.warning("a group stays at the broker", metadata: ["group": "\(group)", "error": "\(error)"])
      }
    }
  }

  /// Does something each second until it is cancelled; what fails is tried again a second later.
  func everySecond(_ body: () async throws -> Void) async throws {
    while true {
      try await CallContext.current.clock.sleep(for: .seconds(1))
      do {
        try await body()
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        logger.warning("tried again in a second", metadata: ["error": "\(error)"])
      }
    }
  }
}

import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceHummingbird

/// What a service is made of: its bus, its calls to others, its database, its spans.
final class Platform: Sendable {
  let name: String
  /// The name of this instance, such as `orders-1`: the same after a restart.
  let instance: String
  let settings: ServiceSettings
  let bus: EventBus
  let registry = ServiceRegistry()
  let client = HTTPClient(configuration: .resilient(connect: .milliseconds(300)))
  let stacks = StandardStacks()
  let tracer: CallTracer
  let reporter: SpanReporter?
  let logger: Logger

  /// Nothing that a broker or a service does in a minute's absence uses up these deliveries.
  private static let delivery = DeliveryPolicy(
    maxDeliveries: 60, backoff: .exponential(base: .milliseconds(100), cap: .seconds(2)), parallelism: 4,
    timeout: .seconds(5))

  init(_ name: String, _ settings: ServiceSettings, logger: Logger) {
    self.name = name
    instance = "\(name)-\(settings.instance)"
    self.settings = settings
    self.logger = logger
    bus = EventBus(source: name, broker: settings.broker)
    reporter = settings.collector.map { [client] in
      SpanReporter(
        to: OTLPExporter(OTLPTransport.to($0, by: client)), policy: ReportPolicy(interval: .seconds(1)))
    }
    tracer = CallTracer(
      name, sampler: reporter == nil ? .never : .parentBased(), store: TraceStore(capacity: 0),
      reporter: reporter)
  }

  /// Calls to another service: balanced over its instances, behind the stack of that service.
  func calls(to service: String) -> AnyHandler<HTTPClientRequest, HTTPClientResponse> {
    registry.service(service).calls(by: client, maxBodyBytes: 1 << 20) { call, _ in call }
      .httpStack(stacks[service]).trace(tracer).erased()
  }

  /// The service's own database.
  func database(_ schema: String) throws -> ServiceDatabase {
    try ServiceDatabase(path: "\(settings.directory)/\(name).sqlite", schema: schema)
  }

  /// Handles events of a type; with a database see ``step(on:in:_:)``.
  func handle<Payload>(
    _ type: EventType<Payload>, group: String? = nil,
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Payload>) async throws -> Void
  ) throws {
    let group = group ?? name
    try bus.subscribe(
      to: type, group: group, policy: Self.delivery, handler: EventHandler(group, body).outbox(bus))
  }

  /// A step of an order's way: it is done once, however often the event comes, in one transaction with the
  /// note that it was done and of what follows; and what follows is published each time, under one id.
  ///
  /// - Parameter body: Does the step, and says what follows from it: `nil` for nothing.
  func step(
    on type: EventType<Order>, in database: ServiceDatabase,
    _ body: @escaping @Sendable (Order, ServiceDatabase.Transaction) throws -> EventType<Order>?
  ) throws {
    try handle(type) { [self] event in
      let order = event.data
      let next = try await database.once(event.id) { database in try body(order, database)?.name }
      if let next { try await publish(order, as: EventType(next)) }
    }
  }

  /// Publishes a step of an order under an id that says order and step, so that a second one is the same.
  func publish(_ order: Order, as type: EventType<Order>) async throws {
    let event = try Event(
      id: "\(order.id)/\(type.name)", source: bus.source, type: type, subject: order.id, data: order)
    try await bus.publish(event)
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

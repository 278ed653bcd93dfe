import Resilience
import Synchronization

/// What all services of one run of the day share: the bus, the registry, the books, and whether calls are
/// protected.
///
/// The two runs differ here: with the toolkit ``protect(_:with:)`` applies the decorators that a service
/// declares, and ``subscribe(to:as:_:)`` delivers again what failed; bare, neither does. What else the bare
/// run does is in the folder `Bare`.
final class Platform: Sendable {
  let isProtected: Bool
  let day: DayClock
  let faults: FaultSchedule
  let bus = EventBus(source: "shop")
  let registry = ServiceRegistry()
  let book = OrderBook()
  /// Calls and deliveries handled, by service.
  let served = Tally()
  let counters = DayCounters()
  let store = TraceStore(capacity: 20_000)
  /// Begins a trace with every order.
  let rootTracer: CallTracer
  /// What retries of a call to the inventory may take, whichever of its servers they go to.
  let inventoryBudget = RetryBudget("inventory")
  let customerLimiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(3, burst: 12))
  private let inboxes = Mutex<[String: Inbox]>([:])
  /// Calls to what is one destination, by its name.
  let stacks = StandardStacks([
    "payment": StandardStackPolicy(
      deadline: .seconds(8), timeout: .seconds(2),
      retry: RetryPolicy(backoff: .exponential(base: .milliseconds(200))), circuitBreaker: breakerPolicy),
    "product": StandardStackPolicy(
      deadline: .seconds(5), timeout: .seconds(2), retry: RetryPolicy(maxAttempts: 2),
      circuitBreaker: breakerPolicy),
  ])
  private let breakers = Mutex<[String: CircuitBreaker]>([:])
  private let stackLines = Mutex<[String]>([])

  init(isProtected: Bool, day: DayClock, faults: FaultSchedule) {
    self.isProtected = isProtected
    self.day = day
    self.faults = faults
    rootTracer = CallTracer("order", store: store)
  }

  /// Applies the decorators that `stack` adds, or none in the bare run.
  func protect<Call: Handler, Stack: Handler<Call.Input, Call.Output>>(
    _ call: Call, with stack: (Call) -> Stack
  ) -> AnyHandler<Call.Input, Call.Output> {
    isProtected ? explained(stack(call)).erased() : call.erased()
  }

  /// What records a service's part in the traces of orders; it begins none.
  func tracer(_ service: String) -> CallTracer {
    CallTracer(service, sampler: .parentBased(root: .never), store: store)
  }

  /// Takes down what a stack says it is.
  func explained<Stack: Handler>(_ stack: Stack) -> Stack {
    stackLines.withLock { $0.append("\(stack)") }
    return stack
  }

  /// Every stack of the shop, from the outside in.
  var explanations: [String] { stackLines.withLock { $0 } }
}

// MARK: - Events

extension Platform {
  /// How events are delivered with the toolkit: again and again for hours, since an order is worth it.
  private static let patient = DeliveryPolicy(
    maxDeliveries: 100, backoff: .exponential(base: .seconds(2), cap: .seconds(180)), parallelism: 32)

  /// How they are delivered bare: once.
  private static let once = DeliveryPolicy(maxDeliveries: 1, backoff: .none, parallelism: 32)

  /// Tells everybody who wants to know. What has happened has no deadline.
  func publish<Payload>(_ payload: Payload, as topic: EventType<Payload>, about subject: String) throws {
    try bus.publish(payload, as: topic, subject: subject, deadline: .never)
  }

  /// Handles every event of a type: with the toolkit each once, however often it is delivered.
  func subscribe<Payload: Sendable>(
    to topic: EventType<Payload>, as service: String,
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Payload>) async throws -> Void
  ) throws {
    let handler = EventHandler("\(service) \(topic.name)") { [served] (event: Event<Payload>) in
      served.count(service)
      try await body(event)
    }
    guard isProtected else {
      try bus.subscribe(to: topic, group: service, policy: Self.once, handler: handler)
      return
    }
    let inbox = Inbox(policy: InboxPolicy(lease: .seconds(120)))
    counters.watch(inbox)
    try bus.subscribe(
      to: topic, group: service, policy: Self.patient,
      handler: explained(handler.deduplicate(inbox).trace(tracer(service), kind: .consumer)))
  }

  /// Answers every question of a type.
  func respond<Question: Sendable, Answer: Sendable>(
    to topic: EventType<Question>, with reply: EventType<Answer>, as service: String,
    _ body: nonisolated(nonsending) @escaping @Sendable (Question) async throws -> Answer
  ) throws {
    try bus.respond(
      to: topic, with: reply, group: service, policy: Self.once,
      handler: ServiceCall("\(service) \(topic.name)") { [served] (event: Event<Question>) in
        served.count(service)
        return try await body(event.data)
      })
  }
}

// MARK: - Breakers

extension Platform {
  private static let breakerPolicy = CircuitBreakerPolicy(
    window: .count(20), failureRate: 0.5, minimumThroughput: 5, openTime: .seconds(15))

  /// The breaker of one of several servers that do the same.
  func breaker(_ server: String) -> CircuitBreaker {
    breakers.withLock { breakers in
      if let breaker = breakers[server] { return breaker }
      let breaker = CircuitBreaker(server, policy: Self.breakerPolicy)
      breakers[server] = breaker
      return breaker
    }
  }

  /// Every breaker of the shop, by its name.
  var allBreakers: [CircuitBreaker] {
    let all = breakers.withLock { Array($0.values) } + stacks.all.values.map(\.circuitBreaker)
    return all.sorted { $0.name < $1.name }
  }

  /// For how long each breaker was open; the bare run has none.
  var openSecondsByBreaker: [String: Double] {
    guard isProtected else { return [:] }
    return allBreakers.reduce(into: [:]) { $0[$1.name] = $1.snapshot().timeOpen / .seconds(1) }
  }

  /// Every retry budget of the shop.
  var allBudgets: [RetryBudget] { [inventoryBudget] + stacks.all.values.map(\.budget) }
}

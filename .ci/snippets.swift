// Stand-ins for what the blocks of code in comments mention and do not declare; see .ci/snippets. What follows a title
// is for the blocks of that file alone, and stands inside the function around each.

import Foundation
import Resilience
import ResilienceTestKit
import Synchronization

func placeholder() {}
// Any value: this file is only type-checked, and nothing of it ever runs.
func placeholder<T>() -> T { fatalError() }

struct Order: Sendable, Codable, Hashable {
  typealias ID = Int
  var number = 1
  var currency = "GBP"
  var lines: [String] = []
  var customer = "customer 7"
}
struct OrderV1: Sendable, Codable { var number: Int }
struct OrderV2: Sendable, Codable { var number: Int; var currency: String }
struct OrderCreated: Sendable, Codable {
  var number = 1
  var lines: [String] = []
}
struct Receipt: Sendable, Codable {
  init(_ order: Order = Order()) {}
}
struct Unavailable: Error {}
struct Customer: Sendable { typealias ID = String; enum Plan: Sendable { case free, gold }; var id = ""; var plan = Plan.free }
typealias Plan = Customer.Plan
struct Account: Sendable { typealias ID = String; var id = "" }
struct Tenant: Sendable { typealias ID = String }
struct Host: Sendable, Hashable {}
struct Request: Sendable {
  var customer = ""
  var account = ""
  var tenant = ""
  var host = Host()
  var headers: [String: String] = [:]
}
struct Response: Sendable {
  var status = 200
  var headers: [String: String] = [:]
  var retryAfter = Duration.zero
  var body = ""
  init(status: Int = 200, body: String = "") {}
  func send(_ text: String, contentType: String) {}
}
struct Mail: Sendable {}
struct Client: Sendable {
  func charge(_ order: Order) async throws -> Receipt { Receipt() }
  func refund(_ order: Order) async throws -> Receipt { Receipt() }
  func stock(of sku: String) async throws -> Int { 1 }
  func stock(of sku: String, at instance: ServiceInstance) async throws -> Int { 1 }
  func stock(of sku: String, at address: String) async throws -> Int { 1 }
  func count() async throws -> Int { 1 }
  func ping() async throws {}
  func compact() async throws {}
  func ping(_ address: String) async throws {}
  func get<Input>(_ input: Input) async throws -> Response { Response() }
  func get<Input>(_ input: Input, from host: Host) async throws -> String { "" }
  func product(_ id: Int) async throws -> String { "" }
  func rows(of tenant: Tenant.ID) async throws -> [String] { [] }
  func send(_ mail: Mail) async throws {}
  func send(_ text: String) async {}
  func append(_ bytes: [UInt8]) async throws {}
  func reserve(_ order: OrderCreated) async throws {}
  func reserve(_ lines: [String], for subject: String?, attempt: Int) async throws {}
}
struct Server: Sendable {
  func run() async throws {}
  func run(stopping: @Sendable () -> Void) async throws {}
}
enum Topic {
  static let orderCreated = EventType<OrderCreated>("order_created")
}

// Of swift-http-types.
struct HTTPField: Sendable {
  struct Name: Sendable, Hashable { init?(_ name: String) {} }
}
struct HTTPFields: Sendable {
  subscript(name: HTTPField.Name) -> String? { get { nil } set {} }
  subscript(values name: HTTPField.Name) -> [String] { get { [] } set {} }
}

func KafkaBroker(_ client: Client) async throws -> MemoryBroker { MemoryBroker() }
func EtcdStore(_ client: Client) async throws -> MemoryRegistryStore { MemoryRegistryStore() }

struct Checkout: Sendable, Codable { var customer = "" }
struct OrderPlaced: Sendable, Codable { init(_ checkout: Checkout) {} }
struct ProductQuery: Sendable, Codable { var code: String }
struct ProductDetails: Sendable, Codable {}
extension EventType<OrderPlaced> { static var orderPlaced: Self { EventType("order_placed") } }
extension EventType<ProductQuery> { static var queryProduct: Self { EventType("query_product") } }
extension EventType<ProductDetails> { static var productDetails: Self { EventType("product_details") } }

let client = Client()
let payments = Client()
let database = Client()
let smtp = Client()
let shelf = Client()
let log = Client()
let server = Server()
let decoder = JSONDecoder()
let document = Data()
let order = Order()
let mail = Mail()
let sku = "mug"
let tenant = "acme"
let host = Host()
let customer = Customer()
let account = Account()
let registry = ServiceRegistry()
let breaker = CircuitBreaker("payment")
let budget = RetryBudget("payment")
let bus = EventBus(source: "shop")
let inbox = Inbox()
let payment = ServiceCall("payment") { (order: Order) in Receipt(order) }
let charge = payment
let seed: UInt64 = 1
let now = Instant(nanoseconds: 0)
var context: CallContext { .current }

// MARK: - BulkheadHandler+Limit.swift
struct Job: Sendable {}
let render = ServiceCall { (job: Job) in 1 }

// MARK: - BulkheadHandler.swift
struct Job: Sendable { var pages = 1; var isInteractive = true }
let render = ServiceCall { (job: Job) in 1 }
let bulkhead = Bulkhead("render", limit: 20)

// MARK: - Bulkheads.swift
let report = ServiceCall { (request: Request) in 1 }

// MARK: - KeyedBulkheadHandler.swift
let report = ServiceCall { (request: Request) in 1 }
let perTenant = Bulkheads<Tenant.ID>("reports", policy: BulkheadPolicy(limit: 5))

// MARK: - CircuitBreakerSavedState.swift
struct Store { func write(_ data: Data) throws {}; func read() throws -> Data { Data() } }
let store = Store()

// MARK: - CircuitOpen.swift
// returns Receipt
struct Unavailable: Error { var retryAfter: Duration? }
struct Log { func error(_ text: String, error: (any Error)?) {} }
let log = Log()

// MARK: - CircuitBreakers.swift
let fetch = ServiceCall { (request: Request) in 1 }

// MARK: - KeyedCircuitBreakerHandler.swift
let fetch = ServiceCall { (request: Request) in 1 }
let perTenant = CircuitBreakers<Tenant.ID>("tenants")

// MARK: - AdaptedClock.swift
let testClock = ContinuousClock()

// MARK: - CallContext+Current.swift
// returns Receipt
let base = charge
let input = order
let deadline = Deadline.never

// MARK: - ContextPropagator.swift
let propagator = W3CTraceContextPropagator()
let request = Request()
let handler = ServiceCall { (request: Request) in 1 }

// MARK: - FieldAccess.swift
let propagator = W3CTraceContextPropagator()
var request = (headerFields: HTTPFields(), body: "")

// MARK: - ClassifiedHandler.swift
struct Parcel: Sendable {}
struct AddressUnknown: Error {}
struct HTTP: Sendable { func post(_ parcel: Parcel) async throws -> Response { Response() } }
let http = HTTP()

// MARK: - Rejection.swift
struct Cart: Sendable {}
struct OrderUnpaid: Error { var id: Int; var cause: any Error }
struct Store: Sendable { func insert(_ cart: Cart) async throws -> Int { 1 } }
let store = Store()
let payment = ServiceCall { (id: Int) in }

// MARK: - RetryAfter.swift
let rejection: any Rejection = placeholder()

// MARK: - EventBrokerContract.swift
let promise = EventBrokerContract.cases[0]
let broker = MemoryBroker()

// MARK: - MemoryBroker.swift
let event: EncodedEvent = placeholder()

// MARK: - MirroredBroker.swift
let (kafka, journal) = (MemoryBroker(), MemoryBroker())

// MARK: - EventBus+Lease.swift
struct Book: Sendable { var pages: [String] = [] }
let event: Event<Book> = placeholder()
@Sendable func copy(_ page: String) async throws {}

// MARK: - EventBus+Run.swift
// Of swift-service-lifecycle.
func withGracefulShutdownHandler(
  _ body: () async throws -> Void, onGracefulShutdown: @Sendable () -> Void
) async throws {}

// MARK: - EventBus+Subscribe.swift
let orderPlaced = EventType<Order>("order_placed")
@Sendable func bill(_ order: Order) async throws {}

// MARK: - PoisonEvent.swift
let line = (quantity: 1, invoice: 1)

// MARK: - RedeliverLater.swift
let stock = (isOpen: true, count: 1)

// MARK: - EncodedEvent.swift
let event: Event<OrderCreated> = placeholder()

// MARK: - EventCoding.swift
struct Frame: Sendable { var bytes: [UInt8]; init(_ bytes: [UInt8]) throws { self.bytes = bytes } }

// MARK: - Inbox.swift
@Sendable func pay(_ order: OrderCreated) async throws {}

// MARK: - Journal.swift
let bytes: [UInt8] = []

// MARK: - OutboxHandler.swift
struct Orders: Sendable { func insert(_ order: Checkout) async throws {} }
let orders = Orders()
@Sendable func pay(_ order: Checkout) async throws {}

// MARK: - CoalescingHandler.swift
struct Product: Sendable { typealias ID = Int }

// MARK: - FallbackHandler.swift
let recommend = ServiceCall { (user: Int) in [1] }
let quote = ServiceCall { (product: String) in 1 }
let lastKnown = ["mug": 1]

// MARK: - MetricsPage.swift
let limiter = TokenBucket("mail", limit: .perSecond(1))
let response = Response()

// MARK: - RateLimitFields.swift
let perCustomer = KeyedRateLimiter<Customer.ID>("gateway", limit: .perSecond(5))
var response = Response()

// MARK: - KeyedQuotaHandler.swift
let get = ServiceCall { (request: Request) in 1 }
let perAccount = KeyedQuotaLimiter<Account.ID>("partner", quotas: [.perSecond(10)])

// MARK: - KeyedRateLimitHandler.swift
let routes = ServiceCall { (request: Request) in 1 }
let perCustomer = KeyedRateLimiter<Customer.ID>("gateway", limit: .perSecond(5))

// MARK: - KeyedRateLimiter+OwnLimits.swift
let perCustomer = KeyedRateLimiter<Customer.ID>("gateway", limit: .perSecond(5))

// MARK: - KeyedRateLimiter.swift
let routes = ServiceCall { (request: Request) in 1 }

// MARK: - AdaptiveThrottles.swift
let fetch = ServiceCall { (request: Request) in 1 }
let page = "/mugs"

// MARK: - KeyedThrottleHandler.swift
let fetch = ServiceCall { (request: Request) in 1 }
let throttles = AdaptiveThrottles<Host>("partners")

// MARK: - RateLimitHandler+Limit.swift
let search = ServiceCall { (word: String) in 1 }

// MARK: - RateLimitHandler.swift
let put = ServiceCall { (upload: [UInt8]) in 1 }
let bytesPerSecond = TokenBucket("uploads", limit: .perSecond(1_000_000))

// MARK: - TokenBucket+Reserving.swift
let bucket = TokenBucket("mail", limit: .perSecond(10))
let closingTime = now

// MARK: - InstancePick.swift
// returns Answer
enum Answer { case unavailable, answered }
let balancer = registry.service("inventory").balancer(.roundRobin)
let clock = SystemClock()
let request = Request()
func send(_ request: Request, to address: String) -> (isOK: Bool, body: String) { (true, "") }

// MARK: - RegisteredService+Balanced.swift
let breakers = CircuitBreakers<String>("inventory")

// MARK: - HealthNotifier.swift
let pager = client

// MARK: - ReadinessEndpoint.swift
struct Router { func get(_ path: String, _ body: @Sendable () async throws -> Response) {} }
let router = Router()
let cache = client

// MARK: - ServiceRegistry+Reports.swift
let here = ServiceInstance(id: "inventory-1", service: "inventory", address: "10.0.0.7:8080")

// MARK: - RegistryStoreContract.swift
let promise = RegistryStoreContract.cases[0]

// MARK: - RegistryReplica.swift
let store = MemoryRegistryStore()

// MARK: - HedgePolicy.swift
let call = payment

// MARK: - RetryHandler.swift
struct Deadlock: Error {}
struct ReplicaLag: Error {}
struct SyntaxError: Error {}
struct ConnectionLost: Error {}
let query = ServiceCall { (statement: String) in [1] }

// MARK: - RetryPolicy+Run.swift
struct Connection: Sendable { func query(_ statement: String) async throws -> [Int] { [] } }
let connection = Connection()
let statement = "SELECT 1"

// MARK: - RetryPolicy.swift
let outcome = Outcome.failure

// MARK: - SimulatedDisk.swift
func writeSomething(to disk: SimulatedDisk) async throws {}

// MARK: - Simulation+Explore.swift
actor Account {
  var balance: Int
  init(balance: Int) { self.balance = balance }
  func withdraw(_ amount: Int) async throws { balance -= amount }
}

// MARK: - Simulation+Invariants.swift
let simulation = Simulation(seed: 1)
struct Ledger: Sendable { var balance = 1; func isShipped(_ number: Int) -> Bool { true } }
let (account, orders) = (Ledger(), Ledger())

// MARK: - FaultPlan.swift
struct Cache: Sendable { func removeAll() {} }
let simulation = Simulation(seed: 1)
let network = SimulatedNetwork()
let disk = SimulatedDisk(seed: 7)
let cache = Cache()

// MARK: - PlannedFault.swift
struct Cache: Sendable { func removeAll() {} }
let cache = Cache()
let chaos = FaultInjector<Receipt>("payment", [])

// MARK: - Simulation+Hosts.swift
struct Ledger: Sendable { init(on disk: SimulatedDisk) async throws {} }
struct Payment: Sendable {
  var ledger: Ledger
  func charge(_ order: Order) async throws -> Receipt { Receipt() }
}
let simulation = Simulation(seed: 1)

// MARK: - EventRecorder.swift
let failsOnce = ServiceCall { (article: String) in 1 }
let article = "mug"

// MARK: - ScriptedHandler.swift
let receipt = Receipt()

// MARK: - TimeLimit.swift
let product = "mug"
@Sendable func render(_ product: String) async throws -> String { product }

// MARK: - OTLPExporter.swift
struct HTTP: Sendable {
  func post(_ body: [UInt8], to address: String, contentType: String) async throws -> Response { Response() }
}
let http = HTTP()
let address = "http://collector:4318"

// MARK: - SpanReporter.swift
let collector = ServiceCall { (request: OTLPRequest) in Response() }
let store = TraceStore()

// MARK: - CallTracer.swift
let store = TraceStore()
let tracer = CallTracer()

// MARK: - CallTracer+Span.swift
struct Prices: Sendable { func price(of basket: String) async throws -> Int { 1 } }
let (tracer, priceList, basket) = (CallTracer(), Prices(), "")

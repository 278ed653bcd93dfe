import AsyncHTTPClient
import Foundation
import NIOHTTP1
import Synchronization

/// One of two shops that are compared, with customers who are logged in.
struct ComparedShop: Sendable {
  /// So many that no customer comes near the limit of one.
  private static let customerCount = 400

  private static let patience = Duration.seconds(120)
  /// What all processes use in half a second when nobody asks: heartbeats and polls.
  private static let quiet = Duration.milliseconds(100)

  struct NotQuiet: Error, CustomStringConvertible {
    var used: Duration
    var description: String {
      "after two minutes without requests the shop still uses \(used) in half a second"
    }
  }

  private let supervisor: Supervisor
  private let customers: [(name: String, client: ShopClient)]

  /// Logs the customers in, and puts a product on the shelf.
  init(_ supervisor: Supervisor) async throws {
    self.supervisor = supervisor
    let patience = Patience()
    let shop = ShopClient(client: .shared, gateway: supervisor.gateway)
    let staff = try await shop.loggedIn(["staffKey": supervisor.staffKey], patience: patience)
    var product = DayProbe.product
    product.quantity = 10_000_000
    _ = try await patience.run("POST /products/") { [product] in
      try await staff.send(.POST, "/products/", product)
    }
    var customers: [(String, ShopClient)] = []
    for number in 0..<Self.customerCount {
      let name = "c\(number)"
      customers.append((name, try await shop.loggedIn(["customer": name], patience: patience)))
    }
    self.customers = customers
    // Until `products` has heard of it, there is no page.
    _ = try await Patience().run("GET /products/{sku}") {
      let answer = try await customers[0].1.get("/products/\(product.sku)")
      return answer.status == 404 ? ShopClient.Answer(status: 503, body: answer.body) : answer
    }
  }

  /// Sends one request after the other from each of several places for some time.
  func measure(_ request: ComparedRequest, places: Int, for duration: Duration) async throws -> Measurement {
    let processes = supervisor.processes
    let before = try ProcessorTime.now(of: processes)
    let start = ContinuousClock.now
    let results = await withTaskGroup(of: (latencies: [Duration], failures: Int).self) { group in
      for place in 0..<places {
        group.addTask { await self.send(request, from: place, of: places, until: start + duration) }
      }
      return await group.reduce(into: (latencies: [Duration](), failures: 0)) {
        $0 = ($0.latencies + $1.latencies, $0.failures + $1.failures)
      }
    }
    let elapsed = start.duration(to: .now)
    let after = try await whenQuiet(processes)
    return Measurement(
      elapsed: elapsed, latencies: results.latencies.sorted(), failures: results.failures,
      processorTime: after.merging(before) { $0 - $1 })
  }

  /// The processor time when the events that the requests have caused are handled: it is theirs, and the next
  /// measurement begins with nothing to be done.
  private func whenQuiet(_ processes: [String: pid_t]) async throws -> [String: Duration] {
    let end = ContinuousClock.now + Self.patience
    var last = try ProcessorTime.now(of: processes)
    while true {
      try await Task.sleep(for: .milliseconds(500))
      let now = try ProcessorTime.now(of: processes)
      let used = now.merging(last) { $0 - $1 }.values.reduce(.zero, +)
      if used < Self.quiet { return now }
      guard ContinuousClock.now < end else { throw NotQuiet(used: used) }
      last = now
    }
  }

  private func send(
    _ request: ComparedRequest, from place: Int, of places: Int, until end: ContinuousClock.Instant
  ) async -> (latencies: [Duration], failures: Int) {
    var (latencies, failures, index): ([Duration], Int, Int) = ([], 0, place)
    let run = UUID().uuidString
    while ContinuousClock.now < end {
      let customer = customers[index % customers.count]
      let start = ContinuousClock.now
      let answer = try? await request.send(
        by: customer.client, customer: customer.name, key: "\(run) \(index)")
      if let answer, answer.status < 300 {
        latencies.append(start.duration(to: .now))
      } else {
        failures += 1
      }
      index += places
    }
    return (latencies, failures)
  }

  /// What one stretch of time came to.
  struct Measurement: Sendable {
    var elapsed: Duration
    /// Of the requests that were answered well, sorted.
    var latencies: [Duration]
    var failures: Int
    /// Of each process.
    var processorTime: [String: Duration]

    var perSecond: Double { Double(latencies.count) / (elapsed / .seconds(1)) }
  }
}

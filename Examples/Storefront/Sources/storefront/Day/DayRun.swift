import Foundation
import NIOHTTP1
import Resilience
import Synchronization

/// Plays the visits of a day through the gateway: log in, look at pages, fill a cart, order.
final class DayRun: Sendable {
  let file: DayFile
  /// Longer than anything is away.
  let patience = Patience(limit: .seconds(60))
  private let shop: ShopClient
  private let staffKey: String
  /// Tells this day's requests from those of another one in the same folder.
  let id = UUID().uuidString
  private let acknowledged = Mutex<Set<String>>([])
  private let placed = Mutex(0)
  private let failed = Mutex<[String]>([])

  /// Pages that a customer looks at, and pieces that go into the cart, of the items that are ordered.
  private static let looks = 2

  init(_ file: DayFile, _ shop: ShopClient, staffKey: String) {
    self.file = file
    self.shop = shop
    self.staffKey = staffKey
  }

  /// The numbers of the orders that the shop has taken, those of probes among them.
  var acknowledgedOrders: Set<String> { acknowledged.withLock { $0 } }

  /// Visits that ended with an order.
  var ordersPlaced: Int { placed.withLock { $0 } }

  /// Visits that ended without an order, and why.
  var failedVisits: [String] { failed.withLock { $0 } }

  /// Puts all products on the shelves, as the staff does in the morning.
  func open() async throws {
    let patience = Patience()
    let staff = try await shop.loggedIn(["staffKey": staffKey], patience: patience)
    // Some at a time: a shop is not filled one by one.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, product) in (file.products + [DayProbe.product]).enumerated() {
        if index >= 8 { try await group.next() }
        group.addTask {
          _ = try await patience.run("POST /products/") { try await staff.send(.POST, "/products/", product) }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Plays the day in `duration`; returns when the last visit has ended.
  func play(in duration: Duration) async {
    guard let first = file.visits.first?.second, let last = file.visits.last?.second else { return }
    let start = ContinuousClock.now
    await withDiscardingTaskGroup { group in
      for visit in file.visits {
        let share = Double(visit.second - first) / Double(max(1, last - first))
        group.addTask { [self] in
          do {
            try await Task.sleep(until: start + duration * share)
            try await play(visit)
          } catch {
            failed.withLock { $0.append("\(visit.invoice): \(error)") }
          }
        }
      }
    }
  }

  private func play(_ visit: DayFile.Visit) async throws {
    var session = Session(shop, ["customer": visit.customer], patience)
    for item in visit.items.prefix(Self.looks) {
      _ = try await session.run("GET /products/{sku}") { try await $0.get("/products/\(item.sku)") }
      _ = try await session.run("POST /carts/{customer}/items") {
        try await $0.send(
          .POST, "/carts/\(visit.customer)/items", item, key: "\(id) \(visit.invoice) \(item.sku)")
      }
    }
    let answer = try await session.run("POST /orders/") {
      try await $0.send(.POST, "/orders/", ["items": visit.items], key: "\(id) \(visit.invoice)")
    }
    acknowledge(try answer.decoded(as: Orders.Status.self).id)
    placed.withLock { $0 += 1 }
  }

  /// Notes that the shop has taken an order.
  func acknowledge(_ order: String) { acknowledged.withLock { _ = $0.insert(order) } }
}

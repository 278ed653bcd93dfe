import AsyncHTTPClient
import Foundation
import NIOCore
import Resilience

/// What the services say that they have done.
struct Books: Decodable, Equatable, Sendable {
  /// Products that can be ordered.
  var products: Int
  var orders: [Orders.Books.Entry]
  var letters: [Orders.Books.Letter]
  var movements: [Payments.Books.Movement]
  var shelves: [Inventory.Books.Shelf]
  var taken: [String: Int]
  var parcels: [Logistics.Books.Parcel]
  /// Orders of which something is still awaited.
  var awaited: Int
  /// How often an order was published again.
  var repeats: Int
  /// Dead letters that nobody has dealt with yet.
  var openLetters: Int

  /// Asks each service for its books, not by way of the gateway.
  static func collect(by client: HTTPClient, _ settings: ServiceSettings) async throws -> Books {
    func ask<Page: Decodable>(_ service: String, _ type: Page.Type) async throws -> Page {
      guard let address = try await settings.store.list(service).records.first?.instance.address else {
        throw NoInstance(service: service)
      }
      let response = try await client.execute(
        HTTPClientRequest(url: "http://\(address)/books"), timeout: .seconds(5))
      let body = try await response.body.collect(upTo: 1 << 26)
      return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }
    let orders = try await ask("orders", Orders.Books.self)
    let inventory = try await ask("inventory", Inventory.Books.self)
    return Books(
      products: orders.products, orders: orders.orders, letters: orders.letters,
      movements: try await ask("payments", Payments.Books.self).movements, shelves: inventory.shelves,
      taken: inventory.taken, parcels: try await ask("logistics", Logistics.Books.self).parcels,
      awaited: orders.awaited, repeats: orders.repeats,
      openLetters: try await settings.broker.deadLetters(limit: 1000).count)
  }

  /// Whether every order has ended, nothing is awaited of it, and no dead letter waits.
  var isSettled: Bool { openLetters == 0 && awaited == 0 && orders.allSatisfy { !$0.endings.isEmpty } }

  /// Waits until so many products can be ordered and are on the shelves.
  static func waitForProducts(
    _ count: Int, by client: HTTPClient, _ settings: ServiceSettings, within limit: Duration
  ) async throws {
    let end = ContinuousClock.now + limit
    while true {
      let books = try await collect(by: client, settings, until: end)
      if books.products >= count, books.shelves.count >= count { return }
      guard ContinuousClock.now < end else {
        throw NotOffered(wanted: count, priced: books.products, shelved: books.shelves.count)
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// Collects the books until all has ended and nothing has changed for a while, or time is up.
  ///
  /// - Parameter quiet: That while. After two sessions at the broker what a dead consumer had in its hands has
  ///   come to another one.
  static func settled(
    by client: HTTPClient, _ settings: ServiceSettings, within limit: Duration,
    quiet: Duration
  ) async throws -> Books {
    let end = ContinuousClock.now + limit
    var books = try await collect(by: client, settings, until: end)
    var since = ContinuousClock.now
    while since.duration(to: .now) < quiet || !books.isSettled, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(500))
      let next = try await collect(by: client, settings, until: end)
      if next != books { since = .now }
      books = next
    }
    return books
  }

  /// Tries again what fails: a service may be just starting.
  private static func collect(
    by client: HTTPClient, _ settings: ServiceSettings, until end: ContinuousClock.Instant
  ) async throws -> Books {
    while true {
      do {
        return try await collect(by: client, settings)
      } catch {
        guard !Task.isCancelled, ContinuousClock.now < end else { throw error }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }
}

/// The products of the day did not arrive where they are needed.
struct NotOffered: Error, CustomStringConvertible {
  var wanted: Int
  var priced: Int
  var shelved: Int
  var description: String { "of \(wanted) products \(priced) have a price and \(shelved) are on the shelves" }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension DayProbe {
  /// Places so many orders at one time.
  ///
  /// - Returns: Their numbers, all of them acknowledged.
  func orders(_ count: Int) async throws -> [String] {
    let customer = try await loggedIn()
    let burst = UUID().uuidString
    return try await withThrowingTaskGroup { group in
      for number in 0..<count {
        group.addTask { try await order(Self.piece, by: customer, key: "\(burst) \(number)") }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// - Returns: How long it took from `start` until all of them had ended.
  func end(
    of orders: [String], since start: ContinuousClock.Instant, within limit: Duration
  ) async throws -> Duration {
    for order in orders {
      while case let status = try await status(of: order, by: ordersItself), status != "shipped" {
        guard start.duration(to: .now) < limit else {
          throw DayFaults.Missed(description: "order \(order) was \(status) after \(limit)")
        }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    return start.duration(to: .now)
  }

  /// How many of them have not ended.
  func waiting(of orders: some Sequence<String>) async throws -> Int {
    var count = 0
    for order in orders where try await status(of: order, by: ordersItself) == "placed" { count += 1 }
    return count
  }

  /// Not by way of the gateway, which lets nobody ask so often.
  private var ordersItself: ShopClient {
    let name = supervisor.children.first { $0.service == Orders.name }?.name ?? Orders.name
    return ShopClient(client: shop.client, gateway: supervisor.address(of: name))
  }

  /// How many seconds the clock of a process is ahead of the system's, by the date of its answers.
  func clock(of name: String) async throws -> Double {
    let request = HTTPClientRequest(url: supervisor.address(of: name) + "/health/live")
    let response = try await shop.client.execute(request, timeout: .seconds(5))
    _ = try await response.body.collect(upTo: 1 << 16)
    guard let field = response.headers.first(name: "date"), let date = Self.date(field) else {
      throw DayFaults.Missed(description: "\(name) does not say what time it is")
    }
    return date.timeIntervalSinceNow
  }

  private static func date(_ field: String) -> Date? {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: field)
  }
}

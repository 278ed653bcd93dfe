// What the blocks of code of all pages are compiled with: PageTests compares the texts.

import Foundation
import Resilience
import Synchronization

/// What a page prints, where a test reads it; else Swift's, whose parameters it has so that it hides that
/// one.
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {
  let text = items.map { "\($0)" }.joined(separator: separator)
  if let printed = Printed.current { printed.add(text) } else { Swift.print(text, terminator: terminator) }
}

final class Printed: Sendable {
  @TaskLocal static var current: Printed?

  private let kept = Mutex<[String]>([])

  var lines: [String] { kept.withLock { $0 } }

  func add(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    kept.withLock { $0 += lines }
  }
}

struct Order: Sendable, Codable {
  var number = 1
}
struct Receipt: Sendable, Codable {}
struct Unavailable: Error {}

struct Payments: Sendable {
  func charge(_ order: Order) async throws -> Receipt { Receipt() }
  func refund(_ order: Order) async throws -> Receipt { Receipt() }
}

struct Response: Sendable {
  var status: Int
  var retryAfter: Duration
}

struct HTTP: Sendable {
  func post(_ order: Order) async throws -> Response { Response(status: 200, retryAfter: .zero) }
  func post(_ path: String, _ body: [UInt8], contentType: String) async throws {}
  func get(_ url: String) async throws -> String { url }
}

struct Bank: Sendable {
  func balance() async throws -> Int { 42 }
  func charge(_ order: Order) async throws -> Receipt { Receipt() }
}

struct Inventory: Sendable {
  func stock(of sku: String) async throws -> Int { sku.count }
  func stock(of sku: String, at address: String) async throws -> Int { sku.count }
  func ping(_ address: String) async throws {}
}

let payments = Payments()
let http = HTTP()
let bank = Bank()
let inventory = Inventory()

import Foundation
import GRDB
import Resilience

struct Problem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Kills the shop so many times, delivers what is left, and compares: each order has one shipment and each shipment one
/// note, in the order of each customer's orders; what was acknowledged is there, and what was rolled back is not.
func killAndCheck(in folder: String, kills: Int, seed: UInt64) async throws {
  print("\(kills) kills of a shop, seed \(seed)")
  let random = SeededRandomSource(seed: seed)
  var acknowledged: Set<Int> = []
  for life in 0..<kills {
    let lines = try killedShop(in: folder, first: life * 1_000_000, milliseconds: Int(random.next() % 800))
    for line in lines {
      guard let number = Int(line) else { throw Problem("the shop has said \(line)") }
      acknowledged.insert(number)
    }
  }
  let shop = try await Shop(in: folder)
  let before = try await shop.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox") ?? 0 }
  try await shop.drain()
  let rows = try await shop.database.read { db in
    try ["orders", "shipments", "notes"].map { table in
      try Row.fetchAll(db, sql: "SELECT number, customer FROM \(table) ORDER BY row")
        .map { row -> (number: Int, customer: Int) in (row[0], row[1]) }
    }
  }
  let orders = Set(rows[0].map(\.number))
  guard acknowledged.isSubset(of: orders) else {
    throw Problem("\(acknowledged.subtracting(orders).count) acknowledged orders are gone")
  }
  guard orders.allSatisfy({ $0 % 7 != 3 }) else { throw Problem("an order that failed is there") }
  for (table, rows) in zip(["orders", "shipments", "notes"], rows) {
    guard rows.count == orders.count, Set(rows.map(\.number)) == orders else {
      throw Problem("there are \(orders.count) orders, and \(rows.count) \(table)")
    }
    for customer in 0..<Shop.customers {
      let numbers = rows.filter { $0.customer == customer }.map(\.number)
      guard numbers == numbers.sorted() else {
        throw Problem("\(table) of customer \(customer) are out of order")
      }
    }
  }
  print(
    """
    \(acknowledged.count) orders were acknowledged; \(orders.count) orders, \(rows[1].count) shipments, \
    \(rows[2].count) notes, one of each, in order; \(before) events were in the outbox after the last kill
    """)
}

/// - Returns: The lines that it has said until it was killed.
private func killedShop(in folder: String, first: Int, milliseconds: Int) throws -> [String] {
  let process = Process()
  process.executableURL = URL(filePath: CommandLine.arguments[0]).absoluteURL
  process.arguments = ["shop", folder, "\(first)"]
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  var bytes = Data()
  while !bytes.contains(0x0A) {
    let part = output.fileHandleForReading.availableData
    if part.isEmpty { break }
    bytes += part
  }
  let killer = Thread {
    Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
    kill(process.processIdentifier, SIGKILL)
  }
  killer.start()
  bytes += output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL else {
    throw Problem("the shop ended by itself, with status \(process.terminationStatus)")
  }
  let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  guard lines.first == "ready" else { throw Problem("the shop has not said that it is ready") }
  return lines.dropFirst().map(String.init)
}

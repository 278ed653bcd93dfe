import Foundation
import Resilience

/// The books of the durable day. Each is a journal of its own, as each belongs to somebody else.
struct DurableBooks: Sendable {
  enum OrderState: String, CaseIterable {
    case placed, shipped, cancelled, declined, deadLettered

    var isFinal: Bool { self != .placed }
  }

  /// Amounts are thousandths of a pound.
  enum Payment: String { case charged, refunded }

  /// Amounts are pieces.
  enum Shelf: String { case taken, putBack, loaded }

  let orders: DurableBook<OrderState>
  /// The payment provider's.
  let ledger: DurableBook<Payment>
  let warehouse: DurableBook<Shelf>

  static func open(in directory: String) async throws -> DurableBooks {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      let problem = (error as NSError).localizedDescription
      throw Options.Invalid(description: "--journal: \(directory) cannot be created: \(problem)")
    }
    return DurableBooks(
      orders: try await .open("\(directory)/orders"), ledger: try await .open("\(directory)/ledger"),
      warehouse: try await .open("\(directory)/warehouse"))
  }

  func close() async throws {
    try await orders.close()
    try await ledger.close()
    try await warehouse.close()
  }

  func isSettled(_ order: String) -> Bool { orders.entries(of: order).contains { $0.deed.isFinal } }

  /// Orders that were placed and have not ended, of this day or of an earlier one.
  var hasOpenOrders: Bool { orders.all.values.contains { !$0.contains { $0.deed.isFinal } } }
}

import Synchronization

/// What the payment provider's books say: every charge and every refund that really happened.
final class Ledger: Sendable {
  struct Account: Equatable {
    var charges: [Money] = []
    var refunds: [Money] = []

    var balance: Money { charges.reduce(.zero, +) - refunds.reduce(.zero, +) }
  }

  private let books = Mutex<[String: Account]>([:])

  func account(of order: String) -> Account { books.withLock { $0[order] ?? Account() } }

  var orders: [String] { books.withLock { $0.keys.sorted() } }

  var balance: Money { books.withLock { $0.values.reduce(.zero) { $0 + $1.balance } } }

  /// Books a charge.
  func charge(_ order: String, _ amount: Money) {
    books.withLock { $0[order, default: Account()].charges.append(amount) }
  }

  /// Gives back whatever is left of an order's charges; nothing if there is nothing.
  func refundAll(_ order: String) {
    books.withLock { books in
      guard let balance = books[order]?.balance, balance > .zero else { return }
      books[order]?.refunds.append(balance)
    }
  }
}

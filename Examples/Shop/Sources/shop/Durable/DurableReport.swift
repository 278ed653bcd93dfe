import Resilience

/// The table at the end of a durable day.
struct DurableReport {
  /// What this process has done, as opposed to what the books say of all.
  struct Run: Sendable {
    var redeliveries: Int
    /// Of all processes: the broker keeps them.
    var deadLetters: Int
    var resumed: Int
    var duration = Duration.zero
  }

  var directory: String
  /// `nil` when there was nothing to do.
  var run: Run?

  func lines(_ books: DurableBooks) -> [String] {
    let orders = books.orders.all
    let payments = books.ledger.all.values.joined()
    var rows: [(String, String)] = [("orders", "\(orders.count)")]
    for state in DurableBooks.OrderState.allCases where state.isFinal {
      let count = orders.values.count { $0.contains { $0.deed == state } }
      rows.append(("  \(state.rawValue)", "\(count)"))
    }
    rows.append(("charges", "\(payments.count { $0.deed == .charged })"))
    rows.append(("refunds", "\(payments.count { $0.deed == .refunded })"))
    if let run {
      rows.append(("redeliveries", "\(run.redeliveries)"))
      rows.append(("dead letters", "\(run.deadLetters)"))
      rows.append(("events resumed from the journal", "\(run.resumed)"))
      rows.append(("duration", run.duration.formatted))
    }
    let head = run == nil ? ["all orders in \(directory) have ended: there is nothing to do"] : []
    return head + rows.map { $0.0.padded(to: 34) + $0.1.leftPadded(to: 8) }
  }
}

extension Duration {
  fileprivate var formatted: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    return "\(milliseconds) ms"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + spaces(width) }

  fileprivate func leftPadded(to width: Int) -> String { spaces(width) + self }

  private func spaces(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) }
}

import Foundation

/// A day of invoices in the columns of the UCI "Online Retail" data set, as visits to the shop.
struct DayFile: Sendable {
  struct Visit: Sendable {
    var invoice: String
    var customer: String
    /// Seconds since midnight.
    var second: Int
    var items: [Order.Item]
  }

  struct Unreadable: Error, CustomStringConvertible {
    var description: String
  }

  private(set) var visits: [Visit] = []
  private(set) var products: [Product] = []
  /// Lines that are no part of an order: cancellations, bookings, and what has no customer or no price.
  private(set) var skippedLines = 0

  /// One product in so many has half of the stock that the day asks for.
  private static let shortEvery = 200

  init(path: String) throws {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw Unreadable(description: "\(path) cannot be read: \((error as NSError).localizedDescription)")
    }
    try self.init(text: text, name: path)
  }

  init(text: String, name: String = "the day") throws {
    var lines = text.split(whereSeparator: \.isNewline)
    guard !lines.isEmpty, lines.removeFirst().hasPrefix("Invoice") else {
      throw Unreadable(description: "\(name) does not begin with the columns of the data set")
    }
    for line in lines { take(Self.fields(of: line)) }
    guard !visits.isEmpty else { throw Unreadable(description: "\(name) has no line that can be ordered") }
    visits.sort { ($0.second, $0.invoice) < ($1.second, $1.invoice) }
    products.sort { $0.sku < $1.sku }
    for index in products.indices where index % Self.shortEvery == Self.shortEvery / 2 {
      products[index].quantity /= 2
    }
  }

  private mutating func take(_ fields: [String]) {
    guard fields.count == 8, !fields[0].hasPrefix("C"), let quantity = Int(fields[3]), quantity > 0,
      quantity <= 1_000_000, let price = Double(fields[5]), (0.005...100_000).contains(price),
      fields[1].prefix(5).count == 5, fields[1].prefix(5).allSatisfy(\.isNumber),
      let second = Self.second(of: fields[4]), let customer = Int(fields[6].prefix { $0 != "." }),
      customer > 0
    else {
      skippedLines += 1
      return
    }
    let item = Order.Item(sku: fields[1], quantity: quantity)
    if visits.last?.invoice != fields[0] {
      visits.append(Visit(invoice: fields[0], customer: "\(customer)", second: second, items: []))
    }
    visits[visits.count - 1].items.append(item)
    if let known = products.firstIndex(where: { $0.sku == item.sku }) {
      products[known].quantity += quantity
    } else {
      let pence = Int((price * 100).rounded())
      products.append(Product(sku: item.sku, description: fields[2], pence: pence, quantity: quantity))
    }
  }

  /// The fields of a line; a quoted one may have commas, and doubled quotes.
  private static func fields(of line: Substring) -> [String] {
    var (fields, isQuoted) = ([""], false)
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }

  private static func second(of date: String) -> Int? {
    let time = date.split(separator: " ").last?.split(separator: ":").compactMap { Int($0) } ?? []
    guard time.count == 3, (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0..<61).contains(time[2])
    else { return nil }
    return time[0] * 3600 + time[1] * 60 + time[2]
  }
}

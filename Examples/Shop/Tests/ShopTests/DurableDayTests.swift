import Foundation
import Resilience
import Testing

@testable import shop

/// A small day in processes of their own, which are really killed.
@Suite struct DurableDayTests {
  /// So many processes are killed, each after it has handled so many events; then one goes on to the end.
  @Test(arguments: [[1, 1, 1], [7, 2, 30], [60, 5, 13, 1]])
  func aDayThatIsKilledEndsAsOneThatIsNot(kills: [Int]) async throws {
    let place = try Place()
    defer { place.remove() }
    let undisturbed = try await place.play("undisturbed")
    #expect(undisturbed.status == 0, "\(undisturbed.output)")
    for count in kills {
      let killed = try await place.play("killed", "--kill-after", "\(count)")
      #expect(killed.isKilled, "\(killed.output)")
    }
    let end = try await place.play("killed")
    #expect(end.status == 0, "\(end.output)")
    #expect(end.figure("events resumed from the journal") ?? 0 > 0, "\(end.output)")
    let endings = try await place.endings("undisturbed")
    #expect(Set(endings.keys.map { OrderFate(ofOrder: $0) }) == Set(OrderFate.allCases))
    #expect(try await place.endings("killed") == endings)
    let letters = undisturbed.figure("dead letters")
    #expect(letters == endings.values.count { $0 == [.deadLettered] })
  }

  @Test func aDayThatHasEndedIsNotPlayedAgain() async throws {
    let place = try Place()
    defer { place.remove() }
    #expect(try await place.play("day").status == 0)
    let (books, events) = (try await place.books("day"), try place.files("day/events"))
    let again = try await place.play("day")
    #expect(again.status == 0)
    #expect(again.output.hasPrefix("all orders in \(place.path("day")) have ended"))
    #expect(try await place.books("day") == books)
    #expect(try place.files("day/events") == events)
  }

  /// As after so many crashes that an order was given up while another event of it was on its way.
  @Test func aLateEventOfAnOrderThatWasGivenUpMovesNothing() async throws {
    let place = try Place()
    defer { place.remove() }
    let order = try #require(place.invoices().first { OrderFate(ofOrder: $0.number) == .goesThrough })
    let books = try await DurableBooks.open(in: place.path("day"))
    try await books.orders.note(.placed, for: order.number, amount: order.total.thousandths)
    try await books.orders.note(.deadLettered, for: order.number)
    let broker = try await JournalBroker.open(
      LocalDirectory(path: place.path("day/events")), journalPolicy: .small)
    let shop = DurableShop(
      bus: EventBus(source: "shop", broker: broker), books: books, progress: DurableProgress(killAfter: nil))
    try shop.open()
    try await shop.publish(order, as: DurableShop.Topic.orderCreated)
    try await broker.close()
    try await books.close()
    let day = try await place.play("day")
    #expect(day.status == 0, "\(day.output)")
    #expect(try await place.endings("day")[order.number] == [.deadLettered])
  }

  typealias Orders = DurableInvariants.Book<DurableBooks.OrderState>
  typealias Ledger = DurableInvariants.Book<DurableBooks.Payment>
  typealias Warehouse = DurableInvariants.Book<DurableBooks.Shelf>

  /// One order is shipped, another one refunded.
  private static let orders: Orders = [
    "1": [.init(deed: .placed, amount: 500), .init(deed: .shipped, amount: 0)],
    "2": [.init(deed: .placed, amount: 700), .init(deed: .cancelled, amount: 0)],
  ]
  private static let ledger: Ledger = [
    "1": [.init(deed: .charged, amount: 500)],
    "2": [.init(deed: .charged, amount: 700), .init(deed: .refunded, amount: 700)],
  ]
  private static let warehouse: Warehouse = [
    "1": [.init(deed: .taken, amount: 3), .init(deed: .loaded, amount: 3)],
    "2": [.init(deed: .taken, amount: 4), .init(deed: .putBack, amount: 4)],
  ]

  static let damages:
    [(damage: @Sendable (inout Orders, inout Ledger, inout Warehouse) -> Void, says: String)] =
      [
        ({ orders, _, _ in orders["1"]?.removeLast() }, "order 1 ended 0 times"),
        ({ orders, _, _ in orders["2"]?.append(.init(deed: .declined, amount: 0)) }, "order 2 ended 2 times"),
        ({ orders, _, _ in orders["1"]?.removeFirst() }, "order 1 was never placed"),
        (
          { _, ledger, _ in ledger["1"]?.append(.init(deed: .charged, amount: 500)) },
          "order 1 was charged 2 times"
        ),
        ({ _, ledger, _ in ledger["1"] = nil }, "order 1 paid £0.00 instead of £0.50"),
        ({ _, ledger, _ in ledger["2"]?.removeLast() }, "order 2 paid £0.70 instead of £0.00"),
        (
          { _, ledger, _ in ledger["2"]?.append(.init(deed: .refunded, amount: 700)) },
          "order 2 was refunded 2 times"
        ),
        ({ _, _, warehouse in warehouse["1"] = nil }, "order 1 left the warehouse 0 times"),
        (
          { _, _, warehouse in warehouse["2"]?.removeLast() },
          "order 2 took 4 pieces off the shelves, put 0 back"
        ),
      ]

  @Test(arguments: damages.indices)
  func aBrokenPromiseIsNamed(index: Int) {
    var (orders, ledger, warehouse) = (Self.orders, Self.ledger, Self.warehouse)
    #expect(DurableInvariants.broken(orders: orders, ledger: ledger, warehouse: warehouse) == [])
    Self.damages[index].damage(&orders, &ledger, &warehouse)
    let broken = DurableInvariants.broken(orders: orders, ledger: ledger, warehouse: warehouse)
    #expect(broken.contains { $0.hasPrefix(Self.damages[index].says) }, "\(broken)")
  }
}

/// A directory with the invoices of a small day, and the days that are played there.
private struct Place {
  static let orders = 30

  struct Ending: Sendable {
    var status: Int32
    var isKilled: Bool
    var output: String

    /// The number in a row of the table.
    func figure(_ row: String) -> Int? {
      output.split(separator: "\n").first { $0.hasPrefix(row) }?.split(separator: " ").last.flatMap {
        Int($0)
      }
    }
  }

  private let directory = FileManager.default.temporaryDirectory.appending(path: "shop-\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let rows = (0..<Self.orders).map { index in
      "\(536_400 + index),85123A,LANTERN,\(1 + index % 5),2010-12-01 08:26:00,2.55,\(17_850 + index % 7),UK"
    }
    let text = ([InvoiceLine.columns.joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
    try Data(text.utf8).write(to: directory.appending(path: "invoices.csv"))
  }

  func invoices() throws -> [Invoice] {
    var intake = Intake()
    for line in try InvoiceFile.read(directory.appending(path: "invoices.csv").path).lines {
      try intake.take(line)
    }
    return intake.invoices
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }

  func path(_ day: String) -> String { directory.appending(path: day).path }

  func play(_ day: String, _ arguments: String...) async throws -> Ending {
    let process = Process()
    process.executableURL = try ShopProgram.url()
    process.arguments = ["--journal", path(day), "--invoices", path("invoices.csv")] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Ending(
      status: process.terminationStatus,
      isKilled: process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL,
      output: text)
  }

  /// How each order ended, by the order book.
  func endings(_ day: String) async throws -> [String: [DurableBooks.OrderState]] {
    let books = try await DurableBooks.open(in: path(day))
    try await books.close()
    return books.orders.all.mapValues { $0.map(\.deed).filter(\.isFinal) }
  }

  /// All that the books of a day say, in words.
  func books(_ day: String) async throws -> [String] {
    let books = try await DurableBooks.open(in: path(day))
    try await books.close()
    return books.orders.all.map { "\($0)" }.sorted() + books.ledger.all.map { "\($0)" }.sorted()
      + books.warehouse.all.map { "\($0)" }.sorted()
  }

  /// All bytes below a directory, by file.
  func files(_ day: String) throws -> [String: Data] {
    let root = directory.appending(path: day)
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
      files[name] = try? Data(contentsOf: root.appending(path: name))
    }
    return files
  }
}

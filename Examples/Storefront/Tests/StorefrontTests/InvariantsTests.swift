import Testing

@testable import storefront

/// Each promise is seen to break.
@Suite struct InvariantsTests {
  private static let sound = Books(
    products: 1,
    orders: [
      entry("a", "shipped", pence: 500, pieces: 2), entry("b", "refunded", pence: 300, pieces: 3),
      entry("c", "declined", pence: 900, pieces: 1),
    ],
    letters: [Orders.Books.Letter(order: "b", reason: "stock_updated for logistics: poison")],
    movements: [
      Payments.Books.Movement(order: "a", pence: 500), Payments.Books.Movement(order: "b", pence: 300),
      Payments.Books.Movement(order: "b", pence: -300),
    ],
    shelves: [
      Inventory.Books.Shelf(sku: "s", initial: 10, stock: 8),
      Inventory.Books.Shelf(sku: "t", initial: 5, stock: 5),
    ], taken: ["a": 2, "b": 0],
    parcels: [Logistics.Books.Parcel(order: "a", pieces: 2)], awaited: 0, repeats: 0, openLetters: 0)

  private static func entry(_ id: String, _ ending: String, pence: Int, pieces: Int) -> Orders.Books.Entry {
    Orders.Books.Entry(
      id: id, customer: "17850", key: "key of \(id)", endings: [ending], pence: pence,
      items: [Order.Item(sku: "s", quantity: pieces)])
  }

  @Test func soundBooksBreakNothing() {
    #expect(broken { _ in } == [])
  }

  @Test func eachPromiseIsSeenToBreak() {
    #expect(broken(acknowledged: ["a", "d"]) { _ in } == [.noneLost])
    #expect(broken { $0.orders[1].key = $0.orders[0].key } == [.onePerKey])
    #expect(broken { $0.orders[2].endings = [] } == [.oneEnding])
    #expect(broken { $0.orders[2].endings = ["declined", "refunded"] } == [.oneEnding])
    #expect(broken { $0.movements.append(.init(order: "a", pence: 500)) } == [.onePayment])
    #expect(broken { $0.movements.removeFirst() } == [.onePayment])
    #expect(broken { $0.movements.removeLast() } == [.onePayment])
    #expect(broken { $0.movements.append(.init(order: "nobody's", pence: 1)) } == [.onePayment])
    #expect(broken { $0.parcels[0].pieces = 1 } == [.oneParcel])
    #expect(broken { $0.parcels.append(.init(order: "b", pieces: 3)) } == [.oneParcel])
    #expect(broken { $0.taken["b"] = 3 } == [.soundStock])
    #expect(broken { $0.shelves[0].stock = 7 } == [.soundStock])
    // The sum is right.
    #expect(
      broken { ($0.shelves[0].stock, $0.shelves[1].stock) = (9, 4) } == [.soundStock])
    #expect(
      broken { $0.letters.append(.init(order: nil, reason: "order_created for payments: poison")) } == [
        .noLetter
      ])
    #expect(
      broken { $0.letters.append(.init(order: "d", reason: "order_created for payments: poison")) } == [
        .noLetter
      ])
    #expect(broken { $0.awaited = 1 } == [.oneEnding])
    #expect(broken { $0.openLetters = 1 } == [.noLetter])
  }

  @Test func oneKeyOfTwoCustomersIsTwoOrders() {
    #expect(
      broken { ($0.orders[1].key, $0.orders[1].customer) = ($0.orders[0].key, "13047") } == [])
  }

  @Test func aQuestionThatNobodyWaitsForIsNoLoss() {
    #expect(
      broken { $0.letters.append(.init(order: nil, reason: "query_product for products: expired")) } == [])
  }

  private func broken(
    acknowledged: Set<String> = ["a", "b", "c"], _ change: (inout Books) -> Void
  ) -> [Invariants.Promise] {
    var books = Self.sound
    change(&books)
    return Invariants.findings(books, acknowledged: acknowledged).filter { !$0.breaches.isEmpty }.map(
      \.promise)
  }
}

import Testing

@testable import ResilienceRegistry

@Suite struct StoreViewTests {
  private func record(_ id: String, _ revision: UInt64, _ state: InstanceState = .inService) -> StoreRecord {
    StoreRecord(instance(id), state: state, leaseID: 1, revision: revision)
  }

  @Test func aListingSaysWhatIsNewAndWhatHasGone() {
    var view = StoreView()
    var listing = StoreListing(
      records: [record("b", 2), record("a", 1, .draining), record("c", 3)], revision: 3)
    let (first, second) = (view.take(listing), view.take(listing))
    #expect(first.written.map(\.instance.id) == ["b", "a", "c"])
    #expect(second == StoreView.Steps())
    listing = StoreListing(records: [record("c", 5)], revision: 6)
    let third = view.take(listing)
    #expect(third == StoreView.Steps(written: [record("c", 5)], left: ["a"], lapsed: ["b"]))
  }

  @Test func changesSayHowSomebodyWent() {
    var view = StoreView()
    _ = view.take([.written(record("a", 1)), .written(record("b", 2))])
    let gone = view.take([
      .written(record("a", 3, .draining)), .removed(id: "a", revision: 4), .removed(id: "b", revision: 5),
    ])
    #expect(gone == StoreView.Steps(written: [], left: ["a"], lapsed: ["b"]))
    // Gone and back within one batch.
    _ = view.take([.written(record("a", 6))])
    let back = view.take([.removed(id: "a", revision: 7), .written(record("a", 8))])
    #expect(back == StoreView.Steps(written: [record("a", 8)]))
  }

  /// A store that has lost its data counts from the beginning: what it lists holds all the same.
  @Test func aListingHoldsThoughItsRevisionsBeginAnew() {
    var view = StoreView()
    _ = view.take(StoreListing(records: [record("a", 50)], revision: 50))
    let again = view.take(StoreListing(records: [record("a", 1, .draining)], revision: 1))
    #expect(again == StoreView.Steps(written: [record("a", 1, .draining)]))
    let changes = view.take([.written(record("a", 2))])
    #expect(changes == StoreView.Steps(written: [record("a", 2)]))
    #expect(view.take([.removed(id: "a", revision: 3)]).lapsed == ["a"])
  }

  @Test func whatIsOlderThanWhatIsKnownSaysNothing() {
    var view = StoreView()
    _ = view.take(StoreListing(records: [record("a", 7)], revision: 9))
    let older = view.take([.written(record("a", 3)), .removed(id: "a", revision: 5)])
    let unknown = view.take([.removed(id: "b", revision: 10)])
    #expect(older == StoreView.Steps() && unknown == StoreView.Steps())
    let newer = view.take([.removed(id: "a", revision: 10)])
    #expect(newer.lapsed == ["a"])
  }
}

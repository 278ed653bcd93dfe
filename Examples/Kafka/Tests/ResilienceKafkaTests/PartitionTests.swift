import Resilience
import Testing

@testable import ResilienceKafka

struct PartitionTests {
  private func event(_ number: Int64) throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/test", type: "test")
  }

  private func filled(_ offsets: Range<Int64>) throws -> PartitionState {
    var state = PartitionState(
      PartitionProgress(base: offsets.lowerBound, end: offsets.lowerBound, unsettled: []))
    for offset in offsets {
      let event = try event(offset)
      state.add((event, []), at: offset)
    }
    return state
  }

  @Test func whatIsSettledAheadDoesNotMoveTheOffset() throws {
    var state = try filled(10..<14)
    var last: UInt64 = 0
    let taken = state.take(10) {
      last += 1
      return last
    }
    #expect(taken.map(\.offset) == [10, 11, 12, 13])
    #expect(taken.map(\.deliveries) == [0, 0, 0, 0])
    state.settle(11, 2)
    state.settle(12, 3)
    #expect(state.progress == PartitionProgress(base: 10, end: 14, unsettled: [(10, 1), (13, 1)]))
    state.settle(10, 1)
    #expect(state.progress == PartitionProgress(base: 13, end: 14, unsettled: [(13, 1)]))
    state.settle(13, 4)
    #expect(state.progress == PartitionProgress(base: 14, end: 14, unsettled: []))
  }

  @Test func whatWasLeftComesAgainWithItsCountAndNothingElse() throws {
    var state = PartitionState(PartitionProgress(base: 10, end: 14, unsettled: [(10, 2), (13, 1)]))
    #expect(state.progress.unsettled.map(\.offset) == [10, 13])
    for offset in Int64(10)..<16 {
      let event = try event(offset)
      state.add((event, []), at: offset)
    }
    let taken = state.take(10) { 1 }
    #expect(taken.map(\.offset) == [10, 13, 14, 15])
    #expect(taken.map(\.deliveries) == [2, 1, 0, 0])
  }

  @Test func aStaleReceiptDoesNothing() throws {
    var state = try filled(0..<1)
    var last: UInt64 = 0
    func next() -> UInt64 {
      last += 1
      return last
    }
    _ = state.take(1, receipt: next)
    #expect(state.claim(0, 1) != nil)
    #expect(state.claim(0, 1) == nil)
    state.giveBack(0, 1, deliveries: 7)
    let again = state.take(1, receipt: next)
    #expect(again.map(\.deliveries) == [7])
    #expect(state.claim(0, 1) == nil)
    state.settle(0, 1)
    #expect(state.held == 1)
  }

  @Test func anyCountOfDeliveriesIsGivenBack() throws {
    var state = try filled(0..<1)
    for deliveries in [Int.max, Int.min] {
      let receipt = UInt64(deliveries < 0 ? 1 : 2)
      #expect(state.take(1) { receipt }.count == 1)
      state.giveBack(0, receipt, deliveries: deliveries)
    }
    #expect(state.take(1) { 3 }.map(\.deliveries) == [0])
  }

  @Test func whatIsTakenAwayIsNotHandedOut() throws {
    var state = try filled(0..<3)
    state.isDraining = true
    #expect(state.take(3) { 1 }.isEmpty)
  }

  @Test func metadataIsReadAsItWasWritten() throws {
    let progress = PartitionProgress(
      base: 100, end: 120, unsettled: [(100, 1), (101, 1), (104, 3), (119, 0)])
    #expect(progress.metadata == "1 20 0:2:1 2:1:3 14:1:0")
    #expect(PartitionProgress(base: 100, metadata: progress.metadata) == progress)
  }

  @Test(arguments: [
    "", "1", "2 5", "x", "1 -1", "1 5 0:9:1", "1 5 0:1", "1 99999999999999999999", "1 5 -1:1:1", "1 5 a:b:c",
    "1 1099511627776 0:1099511627776:0",
  ])
  func damagedMetadataIsNone(text: String) {
    #expect(PartitionProgress(base: 0, metadata: text) == nil)
  }

  @Test(arguments: [-1, 1 << 61, .max])
  func noOffsetThatIsCommittedIsTooLarge(base: Int64) {
    #expect(PartitionProgress(base: base, metadata: "1 5 0:1:1") == nil)
  }

  @Test func metadataThatDoesNotFitForgetsWhatIsBehind() throws {
    let unsettled = (0..<3000).map { (offset: Int64($0 * 2), deliveries: $0 % 3) }
    let metadata = PartitionProgress(base: 0, end: 6000, unsettled: unsettled).metadata
    #expect(metadata.utf8.count <= PartitionProgress.limit)
    let read = try #require(PartitionProgress(base: 0, metadata: metadata))
    #expect(read.unsettled.count > 500)
    #expect(read.unsettled.elementsEqual(unsettled.prefix(read.unsettled.count)) { $0 == $1 })
    #expect(read.end == unsettled[read.unsettled.count].offset)
  }
}

import Resilience
import Testing

@testable import ResilienceKafka

struct LedgerTests {
  private func group(_ type: String) -> [UInt8] {
    StoredGroup(BrokerGroup("g", filter: .type(type)), starts: []).storedBytes
  }

  @Test func ofTwoGroupsThatWereMadeAtOnceTheFirstCounts() {
    var state = LedgerState()
    _ = state.apply("group/1", group("a"), at: 0)
    _ = state.apply("group/2", group("b"), at: 1)
    #expect(state.groups["g"]?.first?.filter == .type("a"))
    guard case .groupRemoved("1") = state.apply("group/1", nil, at: 2) else {
      Issue.record("nobody is told")
      return
    }
    #expect(state.groups["g"]?.map(\.id) == ["2"])
    #expect(state.next == 3)
  }

  @Test func noTimeIsTooEarlyOrTooLateToWaitFor() {
    let now = UnixTime(nanoseconds: 1_700_000_000_000_000_000)
    for (due, wait) in [
      (Int64.min, 20), (now.nanoseconds, 20), (now.nanoseconds + 3_000_000, 4), (.max, 500),
    ] {
      #expect(LedgerState.milliseconds(from: now, untilDueAt: UnixTime(nanoseconds: due)) == Int32(wait))
    }
    let past = UnixTime(nanoseconds: .min)
    #expect(LedgerState.milliseconds(from: past, untilDueAt: UnixTime(nanoseconds: .max)) == 500)
    #expect(LedgerState.milliseconds(from: now, untilDueAt: nil) == 500)
  }

  @Test func theKeeperStaysUntilItsTimeIsOver() {
    var state = LedgerState()
    _ = state.apply("keeper", StoredKeeper(holder: "a", from: 0, until: 10).storedBytes, at: 0)
    _ = state.apply("keeper", StoredKeeper(holder: "b", from: 5, until: 15).storedBytes, at: 1)
    #expect(state.keeper?.holder == "a")
    _ = state.apply("keeper", StoredKeeper(holder: "b", from: 10, until: 20).storedBytes, at: 2)
    #expect(state.keeper?.holder == "b")
  }

  @Test(arguments: ["group/1", "letter/1", "later/1", "keeper", "x/1", "none"])
  func whatIsNoRecordIsTold(key: String) {
    var state = LedgerState()
    guard case .unreadable = state.apply(key, Array("{}".utf8), at: 4) else {
      Issue.record("it was read")
      return
    }
    #expect(state.next == 5)
  }

  @Test func whatIsDueComesInTheOrderOfItsTimes() throws {
    var state = LedgerState()
    for (number, due) in [(1, 30), (2, 10), (3, 20)] as [(Int, Int64)] {
      var event = try EncodedEvent(id: "\(number)", source: "/test", type: "test")
      event.notBefore = UnixTime(nanoseconds: due)
      _ = state.apply("later/\(number)", event.json(), at: Int64(number))
    }
    #expect(state.due(at: UnixTime(nanoseconds: 25), except: []).map(\.event.id) == ["2", "3"])
    #expect(state.due(at: UnixTime(nanoseconds: 25), except: ["later/2"]).map(\.event.id) == ["3"])
    #expect(state.earliest == UnixTime(nanoseconds: 10))
  }
}

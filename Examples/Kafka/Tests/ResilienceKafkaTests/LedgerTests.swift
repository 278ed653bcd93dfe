import Resilience
import Testing

@testable import ResilienceKafka

struct LedgerTests {
  private let now = Instant(nanoseconds: 0)

  private func group(_ type: String) -> [UInt8] {
    StoredGroup(BrokerGroup("g", filter: .type(type)), starts: []).storedBytes
  }

  @Test func ofTwoGroupsThatWereMadeAtOnceTheFirstCounts() {
    var state = LedgerState(id: "me")
    _ = state.apply("group/1", group("a"), at: 0, now)
    _ = state.apply("group/2", group("b"), at: 1, now)
    #expect(state.groups["g"]?.first?.filter == .type("a"))
    guard case .groupRemoved("1") = state.apply("group/1", nil, at: 2, now) else {
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

  @Test(arguments: ["group/1", "letter/1", "later/1", "keeper", "x/1", "none"])
  func whatIsNoRecordIsTold(key: String) {
    var state = LedgerState(id: "me")
    guard case .unreadable = state.apply(key, Array("{}".utf8), at: 4, now) else {
      Issue.record("it was read")
      return
    }
    #expect(state.next == 5)
  }

  @Test func groupsHaveNamesOfTheirOwnInKafka() throws {
    let topics = Topics(events: "events", partitions: 1)
    let names = ["a", "a\0b", "a\0c"].map { name in
      Member.kafkaName(
        of: LedgerState.Group(
          id: "12345678-\(name)", stored: StoredGroup(BrokerGroup(name), starts: []), filter: .all), topics)
    }
    #expect(names == ["events.a.12345678", "events.ab.12345678", "events.ac.12345678"])
  }

  private func letter(_ group: String) throws -> [UInt8] {
    let event = try EncodedEvent(id: "1", source: "/test", type: "test")
    let death = DeadLetter.Death(
      reason: .poison, lastError: nil, deliveries: 1, time: UnixTime(nanoseconds: 0))
    return StoredLetter(group: group, event: event, death: death, history: []).storedBytes
  }

  @Test func lettersAreFoundAndGoInAnyOrder() throws {
    var state = LedgerState(id: "me")
    for offset in Int64(10)..<20 {
      _ = state.apply("letter/\(offset)", try letter(offset % 2 == 0 ? "even" : "odd"), at: offset * 2, now)
    }
    for removed in ["letter/10", "letter/15", "letter/19", "letter/15", "letter/99"] {
      _ = state.apply(removed, nil, at: 100, now)
    }
    #expect(state.letters.map(\.offset) == [22, 24, 26, 28, 32, 34, 36])
    #expect(state.letters(of: "odd", after: "23", limit: 2).map(\.id) == ["26", "34"])
    #expect(state.letters(of: nil, after: "36", limit: 2).isEmpty)
    #expect(state.letters(of: nil, after: nil, limit: 1).map(\.id) == ["22"])
    for id in ["-1", "\(Int64.min)", "\(Int64.max)", "x", ""] {
      #expect(state.letter(id) == nil)
      _ = state.letters(of: nil, after: id, limit: .min)
    }
    #expect(state.letter("28")?.key == "letter/14")
    #expect(state.letter("30") == nil)
    // Written anew under its key.
    _ = state.apply("letter/14", try letter("even"), at: 101, now)
    #expect(state.letter("28") == nil)
    #expect(state.letters.map(\.offset) == [22, 24, 26, 32, 34, 36, 101])
  }
}

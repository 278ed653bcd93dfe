import Resilience
import Testing

@testable import ResilienceKafka

struct ScheduledEventsTests {
  private let event: EncodedEvent

  init() throws { event = try EncodedEvent(id: "1", source: "/test", type: "test") }

  private func at(_ nanoseconds: Int64) -> UnixTime { UnixTime(nanoseconds: nanoseconds) }

  private func keys(_ events: inout ScheduledEvents, at now: UnixTime, most: Int) -> [String] {
    events.takeDue(at: now, most: most).map(\.key)
  }

  @Test func whatIsDueComesInTheOrderOfItsTimes() {
    var events = ScheduledEvents()
    for (key, due) in [("1", 30), ("2", 10), ("3", 20), ("4", 10)] as [(String, Int64)] {
      events.insert(event, key, due: at(due))
    }
    #expect(events.earliest == at(10))
    #expect(keys(&events, at: at(25), most: 2) == ["2", "4"])
    #expect(keys(&events, at: at(25), most: 2) == ["3"])
    #expect(keys(&events, at: at(25), most: 2).isEmpty)
    #expect(events.earliest == at(30))
    #expect(events.count == 4)
  }

  @Test func whatIsTakenComesAgainWhenItIsGivenBackAndNotWhenItIsRemoved() {
    var events = ScheduledEvents()
    events.insert(event, "1", due: at(10))
    events.insert(event, "2", due: at(20))
    #expect(keys(&events, at: at(20), most: 9) == ["1", "2"])
    // Read once more, as it was or with another time: it is under way.
    events.insert(event, "1", due: at(10))
    #expect(keys(&events, at: at(20), most: 9).isEmpty)
    events.giveBack("1")
    events.giveBack("1")
    events.remove("2")
    events.giveBack("2")
    #expect(keys(&events, at: at(20), most: 9) == ["1"])
    events.remove("1")
    #expect(events.count == 0)
    #expect(events.earliest == nil)
  }

  @Test func whatIsWrittenAnewHasItsNewTime() {
    var events = ScheduledEvents()
    events.insert(event, "1", due: at(10))
    events.insert(event, "1", due: at(30))
    #expect(events.earliest == at(30))
    #expect(keys(&events, at: at(20), most: 9).isEmpty)
    events.insert(event, "1", due: at(5))
    #expect(keys(&events, at: at(40), most: 9) == ["1"])
  }

  @Test func whatIsGoneLeavesNothingForLong() {
    var events = ScheduledEvents()
    events.insert(event, "first", due: at(0))
    for number in Int64(1)...10_000 {
      events.insert(event, "\(number)", due: at(number))
      events.remove("\(number)")
      events.insert(event, "same", due: at(-number))
    }
    #expect(events.count == 2)
    #expect(events.places < 100)
    #expect(keys(&events, at: at(0), most: 9) == ["same", "first"])
  }

  /// Beside a list that is sorted each time.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func itIsAsAListThatIsSorted(seed: UInt64) {
    var random = SeededRandom(state: seed)
    var events = ScheduledEvents()
    var list: [String: Int64] = [:]
    var taken: Set<String> = []
    for _ in 0..<500 {
      let key = "\(random.next() % 40)"
      switch random.next() % 5 {
      case 0, 1:
        let due = Int64(random.next() % 100)
        list[key] = due
        events.insert(event, key, due: at(due))
      case 2:
        list[key] = nil
        taken.remove(key)
        events.remove(key)
      case 3:
        taken.remove(key)
        events.giveBack(key)
      default:
        let (now, most) = (Int64(random.next() % 100), Int(random.next() % 5))
        let wanted = list.filter { $0.value <= now && !taken.contains($0.key) }
          .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(most).map(\.key)
        #expect(keys(&events, at: at(now), most: most) == wanted)
        taken.formUnion(wanted)
      }
      #expect(events.earliest == list.filter { !taken.contains($0.key) }.values.min().map(at))
    }
  }

  private struct SeededRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
  }
}

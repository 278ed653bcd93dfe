import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct InboxKeyTests {
  @Test func row86_twoTypesOfOneIdAreBothHandled() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      let inbox = Inbox()
      let got = Box<[String]>([])
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("n") { (event: Event<Int>) in got.change { $0.append("\(event.data)") } }
          .deduplicate(inbox))
      try bus.subscribe(
        to: Topic.text, group: "g",
        handler: EventHandler("t") { (event: Event<String>) in got.change { $0.append(event.data) } }
          .deduplicate(inbox))
      try await bus.running {
        for _ in 0..<2 {
          try await bus.publish(Event(id: "1", source: "s", type: Topic.number, data: 5))
          try await bus.publish(Event(id: "1", source: "s", type: Topic.text, data: "five"))
        }
        try await bus.waitUntilIdle()
      }
      #expect(got.value.sorted() == ["5", "five"])
      #expect(inbox.snapshot().duplicates == 2)
    }
  }

  @Test func row82_keysAreBytes() {
    let (one, other) = ("\u{E9}", "e\u{301}")
    let keys = [
      InboxKey(group: "g", type: "t", source: "s", id: one),
      InboxKey(group: "g", type: "t", source: "s", id: other),
      InboxKey(group: "g", type: "t", source: one, id: "i"),
      InboxKey(group: "g", type: "t", source: other, id: "i"),
      InboxKey(group: "g", type: one, source: "s", id: "i"),
      InboxKey(group: "g", type: other, source: "s", id: "i"),
      InboxKey(group: one, type: "t", source: "s", id: "i"),
      InboxKey(group: other, type: "t", source: "s", id: "i"),
      // Equal in length too.
      InboxKey(source: "s", id: "a\u{301}\u{323}"), InboxKey(source: "s", id: "a\u{323}\u{301}"),
    ]
    #expect(Set(keys).count == keys.count)
  }

  @Test func row82_longKeysAreBytesToo() {
    func key(_ count: Int, _ last: Character) -> InboxKey {
      InboxKey(source: "s", id: String((0..<count).map { _ in "é" } + [last]))
    }
    for count in [8, 9, 15, 40] {
      #expect(key(count, "a") == key(count, "a"))
      #expect(key(count, "a") != key(count, "b"))
      #expect(key(count, "\u{E9}") != key(count + 1, "\u{E9}"))
    }
    #expect(
      InboxKey(source: "s", id: "a-long-id-of-ascii-1") != InboxKey(source: "s", id: "a-long-id-of-ascii-2"))
  }

  @Test func aKeySaysWhatItIs() {
    #expect("\(InboxKey(group: "g", type: "t", source: "s", id: "a"))" == "a of type t from s for g")
  }
}

import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import Testing

@Suite struct DeadLetterTextTests {
  private struct Noisy: Error, CustomStringConvertible {
    var description: String { "down\nand \u{1B}[31mout" }
  }

  /// What a subject and an error hold stays on the line of its letter.
  @Test func row91_aDeadLetterIsOneLine() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "mail", .every(.seconds(1), maxDeliveries: 1)) { _ in throw Noisy() }
      try await bus.running {
        _ = try await bus.publish(1, as: Topic.number, subject: "a\u{2028}b")
        try await bus.waitUntilIdle()
      }
      let letter = try #require(bus.deadLetters.letters.first)
      #expect(letter.description.hasSuffix(#"last error: down\nand \u{1B}[31mout"#))
      #expect(letter.event.description.hasSuffix(#" of a\u{2028}b"#))
      #expect(!letter.description.unicodeScalars.contains { $0.value < 32 || $0.value == 0x2028 })
    }
  }
}

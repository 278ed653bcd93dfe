import ResilienceCore
import Testing

@testable import ResilienceEventBus

@Suite struct DeadLetterStoreTests {
  private func store(capacity: Int, _ numbers: ClosedRange<Int>) throws -> DeadLetterStore {
    let store = DeadLetterStore(capacity: capacity)
    for number in numbers {
      let message = try message(number)
      _ = store.append {
        DeadLetter(
          number: $0, event: message.envelope, group: "g", reason: .poison, lastError: nil,
          time: UnixTime(nanoseconds: 0), filter: .type("number"), message: message)
      }
    }
    return store
  }

  @Test func theOldestMakesRoom() throws {
    let store = try store(capacity: 2, 1...5)
    #expect(store.letters.map(\.number) == [4, 5])
    #expect((store.count, store.discarded) == (2, 3))
    #expect(store.letters { $0.number == 5 }.map(\.event.id) == ["event-5"])
  }

  @Test func aLetterIsTakenOutOnce() throws {
    let store = try store(capacity: 9, 1...3)
    let second = try #require(store.letters.dropFirst().first)
    #expect(store.remove(second))
    #expect(!store.remove(second))
    #expect(store.letters.map(\.number) == [1, 3])
    #expect(store.discarded == 0)
  }

  @Test func aLetterOfAnotherStoreIsNotTakenForOneOfThis() throws {
    let store = try store(capacity: 9, 1...3)
    let foreign = try #require(try self.store(capacity: 9, 1...1).letters.first)
    #expect(!store.remove(foreign))
    #expect(store.count == 3)
  }

  @Test func aLetterSaysWhatForWhomAndWhy() throws {
    let message = try message(7, subject: "customer 1")
    let letter = DeadLetter(
      number: 1, event: message.envelope, group: "billing", reason: .exhausted(deliveries: 3),
      lastError: "broken", time: UnixTime(nanoseconds: 0), filter: .type("number"), message: message)
    #expect(
      letter.description
        == "number event-7 of customer 1 for billing: exhausted after 3 deliveries, last error: broken")
    #expect(letter.event(as: Topic.number)?.data == 7)
    #expect(letter.event(as: Topic.text) == nil)
    #expect(
      [DeadLetter.Reason.poison, .expired, .noSubscriber].map(\.description)
        == ["poison", "expired", "no subscriber"])
  }
}

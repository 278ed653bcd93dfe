import ResilienceCore
import Testing

@testable import ResilienceEventBus

@Suite struct PendingRequestsTests {
  private static func pending(_ ids: String..., of type: String = "number") -> PendingRequests {
    var requests = PendingRequests()
    for id in ids { requests.add(id, replyType: type, Waiter("test")) }
    return requests
  }

  @Test func theFirstReplyIsTheAnswer() throws {
    var requests = Self.pending("a", "b")
    var wakeups: [Waiter] = []
    #expect(requests.resolve(with: try message(1, correlationID: "a"), &wakeups) == true)
    #expect(requests.resolve(with: try message(2, correlationID: "a"), &wakeups) == false)
    #expect(wakeups.count == 1)
    #expect(requests.count == 2)
    guard case .reply(let message) = requests.remove("a") else { throw Broken() }
    #expect((message as? TypedMessage<Int>)?.data == 1)
    #expect(requests.count == 1)
    #expect(requests.remove("a") == nil)
    #expect(requests.remove("b") == nil)
    #expect(requests.count == 0)
  }

  @Test func onlyAReplyToAPendingRequestOfItsTypeCounts() throws {
    var requests = Self.pending("a")
    var wakeups: [Waiter] = []
    #expect(requests.resolve(with: try message(1), &wakeups) == false)
    #expect(requests.resolve(with: try message(1, correlationID: "x"), &wakeups) == false)
    let other = EventType<Int>("other")
    #expect(requests.resolve(with: try message(1, correlationID: "a", type: other), &wakeups) == false)
    #expect(wakeups.isEmpty)
    #expect(requests.remove("a") == nil)
  }

  @Test func whoeverAnswersFirstWins() throws {
    var requests = Self.pending("a", "b")
    var wakeups: [Waiter] = []
    requests.fail(try message(1, id: "a").envelope, .poison, &wakeups)
    #expect(requests.resolve(with: try message(1, correlationID: "a"), &wakeups) == false)
    guard case .failure(.poison) = requests.remove("a") else { throw Broken() }
    #expect(requests.resolve(with: try message(1, correlationID: "b"), &wakeups) == true)
    requests.fail(try message(1, id: "b").envelope, .poison, &wakeups)
    guard case .reply = requests.remove("b") else { throw Broken() }
    #expect(wakeups.count == 2)
  }
}

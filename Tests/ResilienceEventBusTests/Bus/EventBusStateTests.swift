import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusStateTests {
  @Test func row106_eventTypesThatComeAndGoLeaveNothing() throws {
    var state = EventBusState()
    let handler = Consumer(
      EventHandler("h") { (_: Event<Int>) in }, of: Topic.number)
    for number in 0..<20_000 {
      _ = try state.subscribe(
        to: .type("type \(number)"), group: "g", handler: handler, policy: DeliveryPolicy(), budget: nil,
        isResponder: false)
      _ = state.removeGroup("g", of: .type("type \(number)"))
      _ = state.takeEffects()
    }
    #expect(state.groupsOfType.isEmpty)
    #expect(state.groups.count == 1)
  }

  @Test func row106_importedTypesLeaveNothing() async throws {
    let bus = EventBus(source: "s")
    for number in 0..<2000 {
      try await bus.publish(EncodedEvent(id: "i", source: "s", type: "type \(number)"))
    }
    #expect(bus.snapshot().groups.isEmpty)
    #expect(bus.snapshot().unrouted == 2000)
  }

  /// A lease may end before who begins the worker has taken note of its task.
  @Test func aWorkerThatIsCancelledBeforeItsTaskIsKnownIsCancelled() async {
    let handler = Consumer(EventHandler("h") { (_: Event<Int>) in }, of: Topic.number)
    let run = WorkerRun(
      number: 1,
      worker: EventBusState.Worker(
        group: 0, groupName: "g", filter: .all, consumer: 1, handler: handler, mark: DeliveryMark()))
    run.cancel()
    await withCheckedContinuation { continuation in
      run.begin(
        {
          while !Task.isCancelled { await Task.yield() }
          continuation.resume()
        }, on: nil)
    }
  }
}

import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct EventQueueTests {
  @Test func aCallbackThatCausesEventsSeesThemAfterItReturns() {
    let log = Log<String>()
    let holder = Holder()
    let outbox = EventQueue<Int> { event in
      log.append("begin \(event)")
      if event < 3 {
        holder.outbox?.enqueue(event + 1)
        holder.outbox?.drain()
      }
      log.append("end \(event)")
    }
    holder.outbox = outbox
    outbox.enqueue(1)
    outbox.drain()
    #expect(log.entries == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"])
  }

  @Test func eventsOfManyThreadsArriveOnceAndInTheOrderOfEnqueueing() async {
    let log = Log<Int>()
    let outbox = EventQueue<Int> { log.append($0) }
    let owner = Owner()
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for step in 0..<500 {
            owner.decide(task * 1000 + step, outbox)
            outbox.drain()
          }
        }
      }
    }
    outbox.drain()
    #expect(log.entries.count == 4000)
    #expect(log.entries == owner.order.withLock { $0 })
  }

  @Test func nothingIsMadeWhenNobodyListens() {
    func event() -> Int {
      Issue.record("made although nobody listens")
      return 1
    }
    let outbox = EventQueue<Int>(nil)
    outbox.enqueue(event())
    outbox.drain()
  }
}

// @unchecked: set once, before it is used.
private final class Holder: @unchecked Sendable {
  var outbox: EventQueue<Int>?
}

/// An object whose decisions are made under its lock.
private final class Owner: Sendable {
  let order = Lock<[Int]>([])

  func decide(_ decision: Int, _ outbox: EventQueue<Int>) {
    order.withLock { order in
      order.append(decision)
      outbox.enqueue(decision)
    }
  }
}

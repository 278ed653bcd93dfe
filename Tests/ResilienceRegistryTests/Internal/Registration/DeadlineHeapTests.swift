import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct DeadlineHeapTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func entriesComeInOrderOnceTheirInstantHasCome(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var heap = DeadlineHeap()
    var model: [Int64] = []
    for step in 0..<500 as Range<UInt64> {
      if random.next(below: 3) > 0 {
        let instant = Int64(random.next(below: 100))
        heap.push(DeadlineHeap.Entry(instant: Instant(nanoseconds: instant), epoch: step))
        model.append(instant)
        model.sort()
      } else {
        let now = Int64(random.next(below: 100))
        let due = model.first.flatMap { $0 <= now ? $0 : nil }
        #expect(heap.pop(at: Instant(nanoseconds: now))?.instant.nanoseconds == due)
        if due != nil { model.removeFirst() }
      }
      #expect(heap.earliest.nanoseconds == model.first ?? .max)
      if step == 250 {
        heap.compact { $0.instant.nanoseconds.isMultiple(of: 2) }
        model.removeAll { !$0.isMultiple(of: 2) }
      }
    }
  }

  /// A lease that is renewed has one entry; one that is gone none for long.
  @Test func thousandsOfRegistrationsThatComeAndGoLeaveNothing() {
    var table = RegistrationTable(service: "inventory")
    for round in 0..<5_000 as Range<Int64> {
      let now = Instant(nanoseconds: round)
      _ = table.register(instance("a\(round)"), ttlNanoseconds: 1_000_000, at: now)
      _ = table.deregister("a\(round)", epoch: nil, at: now)
    }
    #expect(table.deadlines.count <= 64 + 1)
    let (epoch, _) = table.register(instance("b"), ttlNanoseconds: 10, at: Instant(nanoseconds: 5_000))
    for round in 5_000..<10_000 as Range<Int64> {
      let now = Instant(nanoseconds: round)
      _ = table.expire(at: now)
      _ = table.renew("b", epoch: epoch, at: now)
      _ = table.report(
        .healthy, of: "b", epoch: epoch, from: .observer("calls"), until: now.advanced(byNanoseconds: 5))
    }
    #expect(table.deadlines.count <= 64 + 3)
    #expect(table.members.count == 1)
  }
}

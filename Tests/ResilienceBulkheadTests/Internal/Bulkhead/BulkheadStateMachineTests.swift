import ResilienceCore
import Testing

@testable import ResilienceBulkhead

@Suite struct BulkheadStateMachineTests {
  private func machine(
    limit: Int, maxWaiting: Int = 10, order: BulkheadOrder = .fifo, inUse: Int = 0
  ) -> BulkheadStateMachine {
    var machine = BulkheadStateMachine(limit: limit, maxWaiting: maxWaiting, order: order)
    machine.inUse = inUse
    return machine
  }

  /// `#expect` takes nothing that changes what it looks at.
  private func check(_ isTrue: Bool, at location: SourceLocation = #_sourceLocation) {
    #expect(isTrue, sourceLocation: location)
  }

  private func place(_ arrival: BulkheadStateMachine.Arrival) throws -> WaitingQueue.Place {
    guard case .waiting(let place, _) = arrival else { throw Broken() }
    return place
  }

  /// Those who are let in when everybody inside leaves, one unit after the other.
  private func drained(_ machine: inout BulkheadStateMachine) -> [UInt64] {
    var numbers: [UInt64] = []
    while machine.inUse > 0 {
      machine.leave(1)
      while let place = machine.next() { numbers.append(place.number) }
    }
    return numbers
  }

  @Test(arguments: [(BulkheadOrder.fifo, [4, 2, 6, 1, 3, 5]), (.lifo, [4, 6, 2, 5, 3, 1])])
  func higherPrioritiesGoFirstAndEqualsInOrder(order: BulkheadOrder, expected: [UInt64]) throws {
    var machine = machine(limit: 1, order: order, inUse: 1)
    for priority in [0, 1, 0, 2, 0, 1] { _ = machine.enqueue(BulkheadClaim(priority: priority)) }
    check(drained(&machine) == expected)
  }

  @Test func aHeavyHeadIsNotOvertakenByLightOnes() throws {
    var machine = machine(limit: 4, inUse: 4)
    for weight in [3, 1, 1] { _ = machine.enqueue(BulkheadClaim(weight: weight)) }
    machine.leave(2)
    check(machine.next() == nil)
    machine.leave(1)
    check(machine.next()?.amount == 3)
    check(machine.next() == nil)
    #expect(machine.inUse == 4)
  }

  @Test func row37_aHeavyHeadThatLeavesNoLongerBlocksTheLightOnesBehindIt() throws {
    var machine = machine(limit: 4, inUse: 2)
    let head = try place(machine.enqueue(BulkheadClaim(weight: 3)))
    for _ in 0..<2 { _ = machine.enqueue(BulkheadClaim()) }
    check(machine.next() == nil)
    check(machine.abandon(head))
    check(machine.next()?.amount == 1)
    check(machine.next()?.amount == 1)
    #expect(machine.inUse == 4)
  }

  @Test func row37_whoLeavesTheQueueFreesAPlaceInIt() throws {
    var machine = machine(limit: 1, maxWaiting: 2, inUse: 1)
    let first = try place(machine.enqueue(BulkheadClaim()))
    _ = machine.enqueue(BulkheadClaim())
    guard case .turnedAway = machine.enqueue(BulkheadClaim()) else { throw Broken() }
    check(machine.abandon(first))
    check(!machine.abandon(first))
    guard case .waiting = machine.enqueue(BulkheadClaim()) else { throw Broken() }
    #expect(machine.waiting == 2)
  }

  @Test func nobodyGoesInPastThoseWhoWait() {
    var machine = machine(limit: 4, inUse: 2)
    _ = machine.enqueue(BulkheadClaim(weight: 3))
    check(!machine.tryEnter(1))
  }

  @Test(arguments: [
    (BulkheadOrder.fifo, 0, 0, UInt64?.none), (.fifo, 0, 1, 2), (.fifo, 1, 0, nil), (.lifo, 0, 0, 1),
    (.lifo, 1, 0, nil), (.lifo, 0, 1, 1),
  ])
  func inAFullQueueTheLastInOrderIsTurnedAway(
    order: BulkheadOrder, waiting: Int, newcomer: Int, displacedNumber: UInt64?
  ) throws {
    var machine = machine(limit: 1, maxWaiting: 2, order: order, inUse: 1)
    for _ in 0..<2 { _ = machine.enqueue(BulkheadClaim(priority: waiting)) }
    switch machine.enqueue(BulkheadClaim(priority: newcomer)) {
    case .waiting(_, let displaced): #expect(displaced?.number == displacedNumber)
    case .turnedAway: #expect(displacedNumber == nil)
    }
    #expect(machine.waiting == 2)
  }

  @Test func oneThatIsHeavierThanAShrunkenLimitGoesInAlone() throws {
    var machine = machine(limit: 4, inUse: 4)
    _ = machine.enqueue(BulkheadClaim(weight: 3))
    machine.limit = 2
    machine.leave(3)
    check(machine.next() == nil)
    machine.leave(1)
    check(machine.next()?.amount == 3)
    check(!machine.tryEnter(1))
  }

  /// A call that waits beside free room would hold up all that come after it, until somebody leaves.
  @Test func waitingWhereThereIsRoomTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var machine = BulkheadStateMachine(limit: 4, maxWaiting: 10, order: .fifo)
      machine.inUse = 2
      _ = machine.enqueue(BulkheadClaim(weight: 2))
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("a call of weight 2 is to wait where 2 of 4 are inside"))
  }

  /// A million random steps: arrivals, departures, and waiters that give up or whose grant comes too late, in
  /// a queue small enough to be full and empty all the time.
  @Test(arguments: [BulkheadOrder.fifo, .lifo])
  func row39_permitsAreConservedOverAMillionSteps(order: BulkheadOrder) {
    var fuzz = BulkheadFuzz(order: order, seed: 11)
    for _ in 0..<500_000 where fuzz.isRight { fuzz.step() }
    let isRight = fuzz.isRight
    #expect(isRight)
    fuzz.drain()
    let (inUse, waiting, lateGrants) = (fuzz.machine.inUse, fuzz.machine.waiting, fuzz.lateGrants)
    #expect(inUse == 0)
    #expect(waiting == 0)
    #expect(lateGrants > 10_000)
  }

  @Test(arguments: [BulkheadOrder.fifo, .lifo], 0..<4 as Range<UInt64>)
  func agreesWithTheReferenceAtEveryStep(order: BulkheadOrder, seed: UInt64) {
    var fuzz = BulkheadFuzz(order: order, seed: seed, comparing: true)
    for _ in 0..<10_000 where fuzz.isRight { fuzz.step() }
    let isRight = fuzz.isRight
    #expect(isRight)
  }
}

/// Random steps on a state machine, with what must hold after each of them.
struct BulkheadFuzz {
  private(set) var machine: BulkheadStateMachine
  private(set) var isRight = true
  private(set) var lateGrants = 0
  private var reference: ReferenceBulkhead?
  private var inside: [Int] = []
  private var insideWeight = 0
  private var places: [WaitingQueue.Place] = []
  private let random: SeededRandomSource

  init(order: BulkheadOrder, seed: UInt64, comparing: Bool = false) {
    machine = BulkheadStateMachine(limit: 5, maxWaiting: 6, order: order)
    reference = comparing ? ReferenceBulkhead(limit: 5, maxWaiting: 6, order: order) : nil
    random = SeededRandomSource(seed: seed)
  }

  mutating func step() {
    let draw = random.next()
    let bits = Int(draw >> 40)
    switch draw & 7 {
    case 0, 1, 2: arrive(BulkheadClaim(weight: 1 + bits % 3, priority: (bits >> 8) % 3))
    case 3, 4: leave(bits)
    case 5: giveUp(bits)
    case 6: _ = tryEnter(1 + bits % 3)
    default: if bits % 64 == 0 { update(3 + (bits >> 8) % 4) } else { leave(bits) }
    }
    letIn(bits)
    check()
  }

  mutating func drain() {
    while !inside.isEmpty || !places.isEmpty {
      leave(0)
      letIn(1)
    }
  }

  private mutating func arrive(_ claim: BulkheadClaim) {
    if tryEnter(claim.weight) { return }
    switch machine.enqueue(claim) {
    case .waiting(let place, let displaced):
      places.append(place)
      if let displaced { places.removeAll { $0.number == displaced.number } }
      guard reference != nil else { return }
      if reference?.enqueue(place.number, claim) != displaced?.number { isRight = false }
    case .turnedAway:
      // Given a number that no place has: the reference must turn it away, too.
      if reference != nil, reference?.enqueue(.max, claim) != .max { isRight = false }
    }
  }

  private mutating func tryEnter(_ weight: Int) -> Bool {
    let hasEntered = machine.tryEnter(weight)
    if hasEntered { enter(weight) }
    if let expected = reference?.tryEnter(weight), expected != hasEntered { isRight = false }
    return hasEntered
  }

  private mutating func enter(_ weight: Int) {
    inside.append(weight)
    insideWeight += weight
  }

  private mutating func leave(_ bits: Int) {
    guard !inside.isEmpty else { return }
    inside.swapAt(bits % inside.count, inside.count - 1)
    let weight = inside.removeLast()
    insideWeight -= weight
    machine.leave(weight)
    reference?.leave(weight)
  }

  /// A cancellation or a timeout.
  private mutating func giveUp(_ bits: Int) {
    guard !places.isEmpty else { return }
    let place = places.remove(at: bits % places.count)
    if !machine.abandon(place) { isRight = false }
    reference?.abandon(place.number)
  }

  private mutating func update(_ limit: Int) {
    machine.limit = limit
    reference?.limit = limit
  }

  private mutating func letIn(_ bits: Int) {
    while let place = machine.next() {
      if reference != nil, reference?.next() != place.number { isRight = false }
      places.removeAll { $0.number == place.number }
      if bits % 5 == 0 {
        // Cancelled at this very moment: what was granted goes back.
        lateGrants += 1
        if machine.abandon(place) { isRight = false }
        machine.leave(place.amount)
        reference?.leave(place.amount)
      } else {
        enter(place.amount)
      }
    }
    if reference != nil, reference?.next() != nil { isRight = false }
  }

  private mutating func check() {
    if machine.inUse != insideWeight || machine.waiting != places.count { isRight = false }
    // Heavier than the limit only alone, or since before the limit shrank.
    if machine.inUse > 6 { isRight = false }
    if let reference, reference.inUse != machine.inUse || reference.queue.count != machine.waiting {
      isRight = false
    }
  }
}

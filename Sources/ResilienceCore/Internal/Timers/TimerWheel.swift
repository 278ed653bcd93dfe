/// Pending timers, arming and cancelling in O(1): the state machine behind the system's clock.
///
/// A hierarchical timing wheel: eight levels of 64 slots, a slot of one level as wide as a whole turn of the
/// level below. A timer lies in the lowest level in which its tick and the present one differ; when its slot
/// is reached it moves down, at most seven times, and runs when its tick is reached: never early, and late by
/// less than a tick. Sets of bits say which slots hold something, so that empty ones are never visited.
///
/// Timers of one tick run about in the order of arming. Where the order must be exact, as in a simulator, use
/// ``TimerQueue``. What is touched by one step is bounded: nodes are kept in chunks that never move, and a
/// slot is moved down a batch at a time.
struct TimerWheel: ~Copyable {
  /// 2^16 ns = 66 µs, about what the system's timers are late by. The levels then cover all of `Int64`.
  static var tickBits: Int { 16 }
  static var batchSize: Int { 64 }

  /// A struct, because a bare closure that passes through a generic function such as `withLock` is boxed on
  /// the way.
  struct Action: Sendable {
    let run: @Sendable () -> Void
  }

  /// What the timer thread has to do next.
  enum Step: Sendable {
    case run(Action)
    /// Ask again: a batch of timers has been moved, and others may want the lock.
    case proceed
    case wait(until: Instant)
    case park
  }

  private typealias Index = UInt32

  private struct Node {
    var action: Action?
    var tick: Int64
    var uses: UInt64
    var next: Index
    var previous: Index
  }

  private static var levelCount: Int { 8 }
  private static var slotBits: Int { 6 }
  private static var chunkBits: Int { 10 }
  private static var chunkSize: Int { 1 << chunkBits }
  private static var slotCount: Int { levelCount << slotBits }

  /// The first nodes are the ends of rings: one for each slot, one for what is due, one for what moves down.
  private static var due: Index { Index(slotCount) }
  private static var descending: Index { Index(slotCount + 1) }
  private static var ringCount: Index { Index(slotCount + 2) }
  private static var none: Index { Index.max }

  /// Room for as many chunks as there can be: memory that nobody has touched costs nothing.
  private let chunks = UnsafeMutablePointer<UnsafeMutablePointer<Node>>.allocate(
    capacity: Int(maximumCount) >> chunkBits)
  private var nodeCount: Index = 0
  private var firstFree = Index.max
  private var occupied = InlineArray<8, UInt64>(repeating: 0)
  private var present: Int64 = 0
  private(set) var count = 0

  init() {
    while nodeCount < Self.ringCount {
      let index = addNode()
      node(index).pointee.next = index
      node(index).pointee.previous = index
    }
  }

  deinit {
    for index in 0..<nodeCount { node(index).deinitialize(count: 1) }
    for chunk in stride(from: 0, to: Int(nodeCount), by: Self.chunkSize) {
      chunks[chunk >> Self.chunkBits].deallocate()
    }
    chunks.deallocate()
  }

  // MARK: - Arming and disarming

  mutating func arm(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let index = takeNode()
    let node = node(index)
    node.pointee.action = Action(run: action)
    node.pointee.tick = max(present, Self.tick(notBefore: instant))
    node.pointee.uses &+= 1
    place(index)
    count &+= 1
    return token(of: index)
  }

  /// Removes a timer; `nil` when it is not pending.
  ///
  /// - Returns: Its action, to be let go outside the owner's lock.
  mutating func disarm(_ token: TimerToken) -> Action? {
    let index = Index(truncatingIfNeeded: token.id & (Self.maximumCount - 1))
    guard index >= Self.ringCount, index < nodeCount, token == self.token(of: index) else { return nil }
    guard node(index).pointee.action != nil else { return nil }
    return remove(index)
  }

  // MARK: - The passing of time

  /// What to do at `now`; call it until it says to wait or to park, then when that is over, and when a timer
  /// that is due earlier has been armed.
  mutating func step(at now: Instant) -> Step {
    let nowTick = now.nanoseconds >> Self.tickBits
    while true {
      let first = node(Self.due).pointee.next
      if first != Self.due, let action = remove(first) { return .run(action) }
      if node(Self.descending).pointee.next != Self.descending {
        descend()
        return .proceed
      }
      guard let level = (0..<Self.levelCount).first(where: { occupied[$0] != 0 }) else {
        present = max(present, nowTick)
        return .park
      }
      let slot = occupied[level].trailingZeroBitCount
      let start = startTick(level: level, slot: slot)
      guard start <= nowTick else {
        present = max(present, nowTick)
        return .wait(until: Instant(nanoseconds: start << Self.tickBits))
      }
      present = start
      occupied[level] &= ~(1 &<< slot)
      splice(ring(level: level, slot: slot), into: level == 0 ? Self.due : Self.descending)
    }
  }

  private func startTick(level: Int, slot: Int) -> Int64 {
    let shift = level * Self.slotBits
    let turn = (present >> shift) & ~(1 << Self.slotBits - 1)
    return (turn | Int64(slot)) << shift
  }

  private mutating func descend() {
    for _ in 0..<Self.batchSize {
      let first = node(Self.descending).pointee.next
      guard first != Self.descending else { return }
      unlink(first)
      place(first)
    }
  }

  // MARK: - Slots

  private static func tick(notBefore instant: Instant) -> Int64 {
    let floor = instant.nanoseconds >> tickBits
    // The last tick stands for "never": there is none after it.
    return floor << tickBits == instant.nanoseconds ? floor : min(floor + 1, .max >> tickBits)
  }

  private func ring(level: Int, slot: Int) -> Index {
    Index(level << Self.slotBits | slot)
  }

  private mutating func place(_ index: Index) {
    let tick = node(index).pointee.tick
    let level = (63 - ((tick ^ present) | 1).leadingZeroBitCount) / Self.slotBits
    let slot = Int(tick &>> (level * Self.slotBits)) & (1 << Self.slotBits - 1)
    occupied[level] |= 1 &<< slot
    link(index, atEndOf: ring(level: level, slot: slot))
  }

  private mutating func remove(_ index: Index) -> Action? {
    unlink(index)
    count &-= 1
    node(index).pointee.next = firstFree
    firstFree = index
    return node(index).pointee.action.take()
  }

  private func link(_ index: Index, atEndOf ring: Index) {
    let last = node(ring).pointee.previous
    node(index).pointee.next = ring
    node(index).pointee.previous = last
    node(last).pointee.next = index
    node(ring).pointee.previous = index
  }

  private mutating func unlink(_ index: Index) {
    let (next, previous) = (node(index).pointee.next, node(index).pointee.previous)
    node(previous).pointee.next = next
    node(next).pointee.previous = previous
    // Only an end can be its own neighbour's neighbour.
    if next == previous, next < Self.due {
      occupied[Int(next) >> Self.slotBits] &= ~(1 &<< UInt64(next))
    }
  }

  private func splice(_ ring: Index, into target: Index) {
    let (first, last) = (node(ring).pointee.next, node(ring).pointee.previous)
    let end = node(target).pointee.previous
    node(end).pointee.next = first
    node(first).pointee.previous = end
    node(last).pointee.next = target
    node(target).pointee.previous = last
    node(ring).pointee.next = ring
    node(ring).pointee.previous = ring
  }

  // MARK: - Nodes

  /// 28 bits: 268 million pending timers. The other 36 count uses, so that a node's tokens repeat after 68
  /// thousand million timers.
  private static var maximumCount: UInt64 { 1 << 28 }

  private func token(of index: Index) -> TimerToken {
    TimerToken(id: node(index).pointee.uses &* Self.maximumCount | UInt64(index))
  }

  private func node(_ index: Index) -> UnsafeMutablePointer<Node> {
    chunks[Int(index) >> Self.chunkBits] + Int(index) & (Self.chunkSize - 1)
  }

  private mutating func takeNode() -> Index {
    guard firstFree != Self.none else { return addNode() }
    let index = firstFree
    firstFree = node(index).pointee.next
    return index
  }

  private mutating func addNode() -> Index {
    precondition(nodeCount < Self.maximumCount, "\(count) timers are pending: no clock keeps more")
    if Int(nodeCount) & (Self.chunkSize - 1) == 0 {
      chunks[Int(nodeCount) >> Self.chunkBits] = .allocate(capacity: Self.chunkSize)
    }
    node(nodeCount).initialize(to: Node(tick: 0, uses: 0, next: Self.none, previous: Self.none))
    nodeCount += 1
    return nodeCount - 1
  }
}

/// Slots with their calls in flight, and the choice among them. Takes snapshots and random bits, returns slots.
///
/// An instance keeps its slot, and with it its count, across snapshots for as long as its id is listed or a call to it is
/// in flight. Flat arrays side by side: a choice touches integers only.
struct BalancerStateMachine {
  let strategy: BalancingStrategy

  /// The version of the snapshot that was taken over last.
  private(set) var version: UInt64 = 0

  /// Grows whenever a slot is given to, or taken from, a registration.
  private(set) var layout: UInt64 = 0

  private(set) var picks: UInt64 = 0
  private(set) var isPanicking = false
  private(set) var members: [ServiceMember?] = []
  private(set) var epochs: [UInt64] = []
  private(set) var inFlight: [Int] = []
  private var isListed: [Bool] = []
  private var freeSlots: [Int] = []

  /// The slots to choose among, in the order of their instances' ids.
  private var candidates: [Int] = []
  private var cursor = 0
  private var tried = TriedInstances()

  init(strategy: BalancingStrategy) {
    self.strategy = strategy
  }

  /// - Parameters:
  ///   - callID: The logical call, 0 if it is alone; its later attempts avoid the instances that it has tried.
  ///   - draw: 64 random bits.
  @inline(__always)
  mutating func select(callID: UInt64, draw: UInt64) -> Selection? {
    guard !candidates.isEmpty else { return nil }
    let slot =
      callID == 0 || tried.isNew(callID)
      ? Self.choose(strategy, among: candidates, inFlight, &cursor, draw)
      : Self.choose(strategy, among: untried(except: tried.epochs(of: callID)), inFlight, &cursor, draw)
    return take(slot, for: callID)
  }

  /// Chooses among the instances that have not refused the call; `nil` when all have.
  mutating func selectAnother(than refused: [UInt64], callID: UInt64, draw: UInt64) -> Selection? {
    let others = candidates.filter { !refused.contains(epochs[$0]) }
    guard !others.isEmpty else { return nil }
    return take(Self.choose(strategy, among: others, inFlight, &cursor, draw), for: callID)
  }

  @inline(__always)
  private mutating func take(_ slot: Int, for callID: UInt64) -> Selection {
    let epoch = epochs[slot]
    if callID != 0 { tried.note(epoch, of: callID) }
    inFlight[slot] += 1
    picks &+= 1
    return Selection(slot: slot, epoch: epoch, layout: layout)
  }

  @inline(__always)
  mutating func release(_ slot: Int) {
    let left = inFlight[slot] - 1
    precondition(left >= 0, "slot \(slot) was given back more often than it was taken")
    inFlight[slot] = left
    if left == 0, !isListed[slot] { free(slot) }
  }

  // Given its parts one by one, so that choosing takes no copy of an array.
  @inline(__always)
  private static func choose(
    _ strategy: BalancingStrategy, among pool: [Int], _ inFlight: [Int], _ cursor: inout Int, _ draw: UInt64
  ) -> Int {
    switch strategy.kind {
    case .roundRobin:
      defer { cursor &+= 1 }
      return pool[Int(UInt(bitPattern: cursor) % UInt(pool.count))]
    case .powerOfTwoChoices:
      guard pool.count > 1 else { return pool[0] }
      let first = Int(((draw >> 32) &* UInt64(pool.count)) >> 32)
      var second = Int(((draw & 0xFFFF_FFFF) &* UInt64(pool.count - 1)) >> 32)
      if second >= first { second += 1 }
      let (one, other) = (pool[first], pool[second])
      return inFlight[other] < inFlight[one] ? other : one
    }
  }

  // Mutating, since a method that only reads is given a copy of all of it.
  private mutating func untried(except tried: SIMD4<UInt64>) -> [Int] {
    let untried = candidates.filter { !tried.holds(epochs[$0]) }
    return untried.isEmpty ? candidates : untried
  }
}

// MARK: - Following the registry

extension BalancerStateMachine {
  /// Takes a snapshot over, unless a newer one was.
  mutating func update(_ snapshot: ServiceSnapshot) {
    guard snapshot.version > version else { return }
    version = snapshot.version
    isPanicking = snapshot.isPanicking
    var slotsByID: [String: Int] = [:]
    for (slot, member) in members.enumerated() {
      if let member { slotsByID[member.instance.id] = slot }
      isListed[slot] = false
    }
    candidates.removeAll(keepingCapacity: true)
    for member in snapshot.members {
      let slot = slotsByID[member.instance.id] ?? newSlot()
      if epochs[slot] != member.epoch { layout += 1 }
      members[slot] = member
      epochs[slot] = member.epoch
      isListed[slot] = true
      if member.takesCalls, isPanicking || member.health != .unhealthy { candidates.append(slot) }
    }
    for slot in members.indices where members[slot] != nil && !isListed[slot] && inFlight[slot] == 0 {
      free(slot)
    }
  }

  private mutating func newSlot() -> Int {
    if let slot = freeSlots.popLast() { return slot }
    members.append(nil)
    epochs.append(0)
    inFlight.append(0)
    isListed.append(false)
    return members.count - 1
  }

  private mutating func free(_ slot: Int) {
    members[slot] = nil
    epochs[slot] = 0
    layout += 1
    freeSlots.append(slot)
  }
}

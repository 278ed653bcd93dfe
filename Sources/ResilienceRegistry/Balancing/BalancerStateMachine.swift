internal import ResilienceCore

/// Slots with their calls in flight, and the choice among them. Takes changes, outcomes and random bits, returns slots.
///
/// A registration keeps its slot, and with it its counts, for as long as it is listed or a call to it is in flight. Flat arrays
/// side by side: a choice touches integers only, and the same number of them however many there are.
struct BalancerStateMachine {
  let service: String
  let rules: BalancingRules

  /// Chooses the subset; drawn with the first list.
  var seed: UInt64 = 0

  /// What was taken over last, and its version.
  var known: [ServiceMember] = []
  var version: UInt64 = 0
  var isFollowing = false

  /// Grows whenever a slot is given to, or taken from, a registration.
  var layout: UInt64 = 0
  var slots: [InstanceSlot] = []
  var members: [ServiceMember?] = []
  var weights: [Double] = []
  var hashes: [UInt64] = []
  var slotsByEpoch: [UInt64: Int] = [:]
  var freeSlots: [Int] = []
  /// Slots that were given back, until those are told who keep something for each; `nil` where nobody does.
  var freed: [(slot: Int, epoch: UInt64)]?

  /// All that may get calls; of these, those that are well; of these, those in the caller's zone.
  var listed = SlotSet()
  var available = SlotSet()
  var local = SlotSet()
  var localListed = 0
  var isPanicking = false

  /// How to choose by weight or by key, made outside the lock; ``isStale`` until it is made anew.
  var plan = BalancingPlan()
  var isStale = false
  var isPlanning = false
  /// Listed ones whose weight is not 1.
  var weighted = 0
  /// Listed ones in their slow start.
  var starting = 0
  /// Not while the first list is taken over: nobody knows how long its instances have been there.
  var startsSlowly = false
  /// Whether a first attempt is any of the available ones, by their load alone.
  var isPlain = true

  private(set) var picks: UInt64 = 0
  var inFlight = 0
  var turn: UInt64 = 0
  /// Of those calls whose turn came to nothing, so that they take nobody's turn.
  var spareTurn: UInt64 = 0
  var tried = TriedInstances()

  /// Nanoseconds of a good answer of any instance.
  var typicalLatency = 0.0

  var outcomes: [OutcomeCount] = []
  var ejected: [Int] = []
  var sweeps: UInt64 = 0
  var nextSweep = Int64.max

  init(service: String, policy: BalancingPolicy, tellsFreed: Bool = false) {
    self.service = service
    rules = BalancingRules(policy)
    freed = tellsFreed ? [] : nil
    isPlain = rules.choice != .byKey && rules.zone == nil
  }

  /// Chooses, and counts a call in flight; `nil` when nobody may get it.
  @inline(__always)
  mutating func select(_ request: PickRequest) -> Selection? {
    guard isPlain, request.attempt <= 1 else { return selectCarefully(request) }
    let count = available.count
    guard count > 0 else { return nil }
    guard rules.choice != .roundRobin else {
      if turn >= UInt64(count) { turn = 0 }
      turn &+= 1
      return take(Int(available.slots[Int(turn &- 1)]), request)
    }
    guard count > 1 else { return take(Int(available.slots[0]), request) }
    let (first, second) = Self.twoPlaces(of: count, request.draw)
    let (one, other) = (Int(available.slots[first]), Int(available.slots[second]))
    return take(isBetter(other, than: one, at: request.now) ? other : one, request)
  }

  @inline(__always)
  static func twoPlaces(of count: Int, _ draw: UInt64) -> (Int, Int) {
    let first = Int(((draw &>> 32) &* UInt64(count)) &>> 32)
    let second = Int(((draw & 0xFFFF_FFFF) &* UInt64(count &- 1)) &>> 32)
    return (first, second >= first ? second &+ 1 : second)
  }

  @inline(__always)
  func isBetter(_ other: Int, than one: Int, at now: Int64) -> Bool {
    if rules.choice == .soonest {
      return expectedNanoseconds(other, at: now) < expectedNanoseconds(one, at: now)
    }
    guard weighted > 0 else { return slots[other].inFlight < slots[one].inFlight }
    return Double(slots[other].inFlight) * slots[one].weight < Double(slots[one].inFlight)
      * slots[other].weight
  }

  /// When a call sent to it now would be answered. One that was never measured comes first, but for one call only.
  private func expectedNanoseconds(_ slot: Int, at now: Int64) -> Double {
    let latency = slots[slot].latency
    let calls = Double(slots[slot].inFlight)
    guard latency.isMeasured else { return calls == 0 ? 0 : 1e100 * calls }
    return latency.cost(at: now, decayNanoseconds: rules.decayNanoseconds) * (calls + 1) / slots[slot].weight
  }

  @inline(__always)
  mutating func take(_ slot: Int, _ request: PickRequest) -> Selection {
    let epoch = slots[slot].epoch
    if request.callID != 0 { tried.note(request.callID, epoch) }
    slots[slot].inFlight &+= 1
    inFlight &+= 1
    picks &+= 1
    return Selection(slot: slot, epoch: epoch, layout: layout, startNanoseconds: request.now)
  }

  @inline(__always)
  mutating func release(_ slot: Int) {
    let left = slots[slot].inFlight &- 1
    precondition(left >= 0, "slot \(slot) was given back more often than it was taken")
    slots[slot].inFlight = left
    inFlight &-= 1
    if left == 0, !slots[slot].isListed, slotIsGone(slot) { free(slot) }
  }
}

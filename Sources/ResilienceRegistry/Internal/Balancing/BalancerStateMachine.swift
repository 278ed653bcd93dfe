internal import ResilienceCore

/// Slots with their calls in flight, and the choice among them. Takes changes, outcomes and random bits,
/// returns slots.
///
/// A registration keeps its slot, and with it its counts, for as long as it is listed or a call to it is in
/// flight. Flat arrays side by side: a choice touches integers only, and the same number of them however many
/// there are.
///
/// What a choice among the available ones needs, if it goes by nothing but calls in flight or turns, is in
/// ``table``, and there it is made without the machine and its lock.
struct BalancerStateMachine {
  let service: String
  let rules: BalancingRules
  var table = SlotTable()

  /// Chooses the subset; drawn with the first list.
  var seed: UInt64 = 0

  /// What was taken over last, and its version.
  var known = ServiceMembers()
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
  /// Until when a first attempt goes to any of the available ones, by nothing but their load.
  var plainUntil = Int64.min

  /// All calls in flight, where a key's choice goes by them.
  var inFlight = 0
  /// Of those calls whose turn came to nothing, so that they take nobody's turn.
  var spareTurn: UInt64 = 0

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
  }

  /// Calls ever.
  var picks: UInt64 { table.picks }

  /// Chooses, and counts a call in flight; `nil` when nobody may get it.
  mutating func select(_ request: PickRequest) -> Selection? {
    guard request.now < plainUntil else { return selectCarefully(request) }
    if request.attempt <= 1 { return selectPlainly(at: request.now, callID: request.callID, request.draw) }
    return selectUntried(at: request.now, callID: request.callID, request.draw) ?? selectCarefully(request)
  }

  /// Chooses for a first attempt among the available ones, of which there are some, by nothing but their
  /// load.
  @inline(__always)
  mutating func selectPlainly(at now: Int64, callID: UInt64, _ draw: UInt64) -> Selection {
    let count = available.count
    if rules.choice == .roundRobin {
      return take(Int(available.slots[table.takeTurn(of: count)]), at: now, callID: callID)
    }
    guard count > 1 else { return take(Int(available.slots[0]), at: now, callID: callID) }
    let (first, second) = SlotTable.twoPlaces(of: count, draw)
    let (one, other) = (Int(available.slots[first]), Int(available.slots[second]))
    return take(isBetter(other, than: one, at: now) ? other : one, at: now, callID: callID)
  }

  /// As ``selectPlainly(at:callID:_:)`` for a later attempt: of two, those that the call was not sent to.
  /// `nil` when it was sent to both, so that it takes a search.
  @inline(never)
  mutating func selectUntried(at now: Int64, callID: UInt64, _ draw: UInt64) -> Selection? {
    let count = available.count
    guard rules.choice != .roundRobin, count > 1 else { return nil }
    let (first, second) = SlotTable.twoPlaces(of: count, draw)
    let (one, other) = (Int(available.slots[first]), Int(available.slots[second]))
    switch (table.tried.contains(callID, slots[one].epoch), table.tried.contains(callID, slots[other].epoch))
    {
    case (true, true): return nil
    case (true, false): return take(other, at: now, callID: callID)
    case (false, true): return take(one, at: now, callID: callID)
    case (false, false):
      return take(isBetter(other, than: one, at: now) ? other : one, at: now, callID: callID)
    }
  }

  // Mutating, as everything that a choice calls: a method that only reads is given a copy of all of it.
  @inline(__always)
  mutating func isBetter(_ other: Int, than one: Int, at now: Int64) -> Bool {
    if rules.choice == .soonest { return isSooner(other, than: one, at: now) }
    if weighted > 0 { return isLighter(other, than: one) }
    return slots[other].inFlight < slots[one].inFlight
  }

  @inline(never)
  private mutating func isLighter(_ other: Int, than one: Int) -> Bool {
    Double(slots[other].inFlight) * slots[one].weight < Double(slots[one].inFlight) * slots[other].weight
  }

  @inline(never)
  private mutating func isSooner(_ other: Int, than one: Int, at now: Int64) -> Bool {
    expectedNanoseconds(other, at: now) < expectedNanoseconds(one, at: now)
  }

  /// When a call sent to it now would be answered. One that was never measured comes first, but for one call
  /// only.
  private mutating func expectedNanoseconds(_ slot: Int, at now: Int64) -> Double {
    let latency = slots[slot].latency
    let calls = Double(slots[slot].inFlight)
    guard latency.isMeasured else { return calls == 0 ? 0 : 1e100 * calls }
    return latency.cost(at: now, decayNanoseconds: rules.decayNanoseconds) * (calls + 1) / slots[slot].weight
  }

  @inline(__always)
  mutating func take(_ slot: Int, at now: Int64, callID: UInt64) -> Selection {
    let reference = slots[slot].reference
    if callID != 0 { table.tried.note(callID, slots[slot].epoch) }
    reference.counter.add()
    if rules.choice == .byKey { inFlight &+= 1 }
    return Selection(reference, at: now)
  }

  /// - Returns: Whether that was the last of a registration that is gone.
  @inline(__always)
  @discardableResult
  mutating func release(_ selection: Selection) -> Bool {
    !selection.reference.counter.release() && noteRelease(of: selection.slot)
  }

  /// What a release does beside the count, where the slot was not open.
  mutating func noteRelease(of slot: Int) -> Bool {
    slots[slot].reference.counter.check()
    if rules.choice == .byKey { inFlight &-= 1 }
    return freeIfAbandoned(slot)
  }
}

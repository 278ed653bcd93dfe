internal import ResilienceCore

// What a choice takes that is more than any of the available ones, by their load alone. All of it is
// mutating: a method that only reads is given a copy of the whole machine.

extension BalancerStateMachine {
  /// Samples before the search goes on from one to the next, and steps of that search: what is bounded holds
  /// the lock shortly. Whoever has been refused by so many in a row need not ask the others.
  private static let samples = 4
  private static let steps = 256

  /// Heeds weights, slow starts, zone, key, and whom the call has been sent to already.
  @inline(never)
  mutating func selectCarefully(_ request: PickRequest) -> Selection? {
    var draw = request.draw
    let pool = choosePool(&draw)
    guard count(of: pool) > 0 else { return nil }
    if request.attempt <= 1, request.key != 0, let slot = owner(of: request, &draw) {
      return take(slot, at: request.now, callID: request.callID)
    }
    let isSpare = request.attempt > 1
    let avoided = isSpare ? Avoided(callID: request.callID) : Avoided()
    let slot =
      choose(from: pool, avoided, isSpare: isSpare, at: request.now, &draw)
      ?? sample(pool, isSpare: isSpare, at: request.now, &draw)
    return take(slot, at: request.now, callID: request.callID)
  }

  /// Chooses for a call that the own layers of the last one, and of all noted under its `searchID`, have
  /// refused; `nil` when all have.
  mutating func selectAnother(
    _ request: PickRequest, than last: UInt64, refusals: Int
  ) -> Selection? {
    table.tried.note(request.searchID, last)
    var draw = request.draw
    let pool: Pool = isPanicking ? .listed : .available
    guard refusals < min(count(of: pool), Self.steps) else { return nil }
    let untried = Avoided(callID: request.callID, searchID: request.searchID)
    if request.key != 0, let slot = owner(of: request, &draw, untried) {
      return take(slot, at: request.now, callID: request.callID)
    }
    let slot =
      choose(from: pool, untried, isSpare: true, at: request.now, &draw)
      ?? choose(from: pool, Avoided(searchID: request.searchID), isSpare: true, at: request.now, &draw)
    return slot.map { take($0, at: request.now, callID: request.callID) }
  }

  private mutating func choose(
    from pool: Pool, _ avoided: Avoided, isSpare: Bool, at now: Int64, _ draw: inout UInt64
  ) -> Int? {
    guard let one = sample(pool, avoided, isSpare: isSpare, at: now, &draw) else { return nil }
    guard rules.choice != .roundRobin, count(of: pool) > 1 else { return one }
    let other = sample(pool, isSpare: isSpare, at: now, &draw)
    guard other != one, !isAvoided(other, avoided) else { return one }
    return isBetter(other, than: one, at: now) ? other : one
  }

  private mutating func sample(
    _ pool: Pool, _ avoided: Avoided, isSpare: Bool, at now: Int64, _ draw: inout UInt64
  ) -> Int? {
    for _ in 0..<Self.samples {
      let slot = sample(pool, isSpare: isSpare, at: now, &draw)
      if !isAvoided(slot, avoided) { return slot }
    }
    let count = count(of: pool)
    let start = place(in: count, &draw)
    for step in 0..<min(count, Self.steps) {
      let slot = self.slot(of: pool, at: (start + step) % count)
      if !isAvoided(slot, avoided) { return slot }
    }
    return nil
  }

  /// By weight; passes over those in their slow start as often as they are to be held back.
  private mutating func sample(_ pool: Pool, isSpare: Bool, at now: Int64, _ draw: inout UInt64) -> Int {
    var slot = 0
    for _ in 0..<Self.samples {
      slot = rules.choice == .roundRobin ? next(of: pool, isSpare: isSpare) : any(of: pool, &draw)
      if starting == 0 || !isHeldBack(slot, at: now, &draw) { break }
    }
    return slot
  }

  private mutating func any(of pool: Pool, _ draw: inout UInt64) -> Int {
    draw = SplitMix64.mix(draw &+ SplitMix64.gamma)
    if weighted > 0, let order = plan.order(of: pool) {
      let slot = order.slot(at: draw.multipliedFullWidth(by: order.turns).high)
      if contains(pool, slot) { return slot }
    }
    return slot(of: pool, at: place(in: count(of: pool), &draw))
  }

  private mutating func next(of pool: Pool, isSpare: Bool) -> Int {
    if weighted > 0, let order = plan.order(of: pool) {
      let turn = order.turn(after: turn(isSpare: isSpare))
      setTurn(turn, isSpare: isSpare)
      let slot = order.slot(at: turn)
      if contains(pool, slot) { return slot }
    }
    let count = UInt64(count(of: pool))
    let turn = turn(isSpare: isSpare) % count
    setTurn(turn + 1, isSpare: isSpare)
    return slot(of: pool, at: Int(turn))
  }

  private mutating func turn(isSpare: Bool) -> UInt64 {
    isSpare ? spareTurn : table.lastTurn
  }

  private mutating func setTurn(_ turn: UInt64, isSpare: Bool) {
    if isSpare { spareTurn = turn } else { table.setTurn(turn) }
  }

  private mutating func place(in count: Int, _ draw: inout UInt64) -> Int {
    draw = SplitMix64.mix(draw &+ SplitMix64.gamma)
    return Int(draw.multipliedFullWidth(by: UInt64(count)).high)
  }

  private mutating func isHeldBack(_ slot: Int, at now: Int64, _ draw: inout UInt64) -> Bool {
    guard slots[slot].isStarting, let slowStart = rules.slowStart else { return false }
    let age = now.subtractingSaturating(slots[slot].availableSince)
    let factor = slowStart.factor(ageNanoseconds: age)
    guard factor < 1 || age < slowStart.windowNanoseconds else {
      endSlowStart(slot)
      return false
    }
    draw = SplitMix64.mix(draw &+ SplitMix64.gamma)
    return draw.unitInterval >= factor
  }
}

// MARK: - By key

extension BalancerStateMachine {
  /// The nearest to the key that may take another call; `nil` when none of those that the key looks at may.
  private mutating func owner(
    of request: PickRequest, _ draw: inout UInt64, _ avoided: Avoided = Avoided()
  ) -> Int? {
    guard let ring = plan.ring, !ring.isEmpty else { return nil }
    let share = Double(inFlight + 1) / Double(max(1, isPanicking ? listed.count : available.count))
    var best: (slot: Int, distance: Double)?
    for place in 0..<KeyRing.places {
      let (slot, distance) = ring.follower(of: request.key, place: place)
      let weighted = Double(distance) / slots[slot].weight
      if let best, best.distance <= weighted { continue }
      guard contains(isPanicking ? .listed : .available, slot), !isAvoided(slot, avoided),
        Double(slots[slot].inFlight) < (rules.loadFactor * share).rounded(.up),
        starting == 0 || !isHeldBack(slot, at: request.now, &draw)
      else { continue }
      best = (slot, weighted)
    }
    return best?.slot
  }
}

// MARK: - Among whom

/// Which set is chosen from.
enum Pool {
  case listed, available, local

}

/// Whom to leave out: those that a call was sent to, those whose own layers refused it.
struct Avoided {
  var callID: UInt64 = 0
  var searchID: UInt64 = 0
}

extension BalancerStateMachine {
  private mutating func isAvoided(_ slot: Int, _ avoided: Avoided) -> Bool {
    let epoch = slots[slot].epoch
    return avoided.callID != 0 && table.tried.contains(avoided.callID, epoch)
      || avoided.searchID != 0 && table.tried.contains(avoided.searchID, epoch)
  }

  private mutating func choosePool(_ draw: inout UInt64) -> Pool {
    if isPanicking { return .listed }
    guard rules.zone != nil, local.count > 0 else { return .available }
    let stay = Double(local.count) / Double(localListed) * rules.overprovisioning
    if stay >= 1 { return .local }
    draw = SplitMix64.mix(draw &+ SplitMix64.gamma)
    return draw.unitInterval < stay ? .local : .available
  }

  private mutating func count(of pool: Pool) -> Int {
    switch pool {
    case .listed: listed.count
    case .available: available.count
    case .local: local.count
    }
  }

  private mutating func slot(of pool: Pool, at place: Int) -> Int {
    switch pool {
    case .listed: Int(listed.slots[place])
    case .available: Int(available.slots[place])
    case .local: Int(local.slots[place])
    }
  }

  private mutating func contains(_ pool: Pool, _ slot: Int) -> Bool {
    switch pool {
    case .listed: listed.contains(slot)
    case .available: available.contains(slot)
    case .local: local.contains(slot)
    }
  }
}

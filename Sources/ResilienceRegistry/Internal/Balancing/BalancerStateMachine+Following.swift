internal import ResilienceCore

// Following the registry: what is different is found outside the lock, and each difference takes the same few
// steps.

extension BalancerStateMachine {
  /// What the differences are to be found from; `nil` while another thread looks for them, unless nobody
  /// could be chosen meanwhile.
  mutating func beginFollowing(draw: UInt64) -> FollowedRoster? {
    guard !isFollowing || listed.count == 0 else { return nil }
    isFollowing = true
    if version == 0 { seed = draw }
    return FollowedRoster(known: known, version: version, subsetSize: rules.subsetSize, seed: seed)
  }

  /// Takes a list over that was compared with the one of `base`.
  ///
  /// - Returns: What is to be told; `nil` when another list was taken over meanwhile, so that the comparison
  ///   does not hold.
  mutating func follow(_ update: RosterUpdate, at now: Int64, draw: UInt64) -> [BalancerEvent]? {
    guard update.baseVersion == version else { return nil }
    let list = update.members
    if version == 0 {
      // A start of its own for each balancer, so that many of them do not all begin with the same instance.
      spareTurn = draw.multipliedFullWidth(by: UInt64(max(1, list.count))).high
      table.setTurn(spareTurn)
    }
    startsSlowly = rules.slowStart != nil && version != 0
    isFollowing = false
    known = list
    version = update.version
    if let outliers = rules.outliers, nextSweep == .max {
      nextSweep = now.addingSaturating(outliers.intervalNanoseconds)
    }
    var events: [BalancerEvent] = []
    for change in update.changes {
      switch change {
      case .joined(let member): join(member, at: now)
      case .left(let epoch): leave(epoch, at: now)
      case .changed(let member): note(member, at: now)
      }
    }
    keepEjectedShare(at: now, &events)
    settle(&events)
    table.publish(version: version)
    return events
  }

  /// Becomes a machine that has taken the first list over outside the lock, with a step for each instance.
  ///
  /// - Returns: `false` when this one has taken a list over meanwhile.
  mutating func begin(as prepared: inout BalancerStateMachine) -> Bool {
    guard version == 0 else { return false }
    let (table, freed) = (table, freed)
    table.adopt(prepared.table)
    swap(&self, &prepared)
    self.table = table
    self.freed = freed
    return true
  }

  private mutating func join(_ member: ServiceMember, at now: Int64) {
    let slot = newSlot()
    members[slot] = member
    slots[slot] = InstanceSlot(slots[slot].reference)
    slots[slot].epoch = member.epoch
    slots[slot].reference.counter.assign(to: member.epoch)
    slots[slot].weight = max(member.instance.weight, .leastNonzeroMagnitude)
    weights[slot] = member.instance.weight
    hashes[slot] = rules.choice == .byKey ? stableHash(member.instance.id) : 0
    slotsByEpoch[member.epoch] = slot
    layout += 1
    note(member, at: now)
  }

  private mutating func leave(_ epoch: UInt64, at now: Int64) {
    guard let slot = slotsByEpoch.removeValue(forKey: epoch) else { return }
    forgetEjection(slot)
    list(slot, false)
    refresh(slot, at: now)
    slots[slot].reference.counter.retire()
    _ = freeIfAbandoned(slot)
  }

  private mutating func note(_ member: ServiceMember, at now: Int64) {
    guard let slot = slotsByEpoch[member.epoch] else { return }
    members[slot] = member
    slots[slot].isWell = member.isWell
    list(slot, member.takesCalls)
    refresh(slot, at: now)
  }

  private mutating func list(_ slot: Int, _ isListed: Bool) {
    guard slots[slot].isListed != isListed else { return }
    slots[slot].isListed = isListed
    if isListed { listed.insert(slot) } else { listed.remove(slot) }
    let difference = isListed ? 1 : -1
    if slots[slot].weight != 1 { weighted += difference }
    if isLocal(slot) { localListed += difference }
    if rules.choice == .byKey || weighted > 0 { isStale = true }
  }

  /// Moves a slot to or from the available ones.
  mutating func refresh(_ slot: Int, at now: Int64) {
    let isAvailable = slots[slot].isAvailable
    guard available.contains(slot) != isAvailable else { return }
    if weighted > 0 { isStale = true }
    if isAvailable {
      available.insert(slot)
      if rules.choice != .byKey {
        slots[slot].reference.counter.open()
        table.append(slots[slot].reference)
      }
      if isLocal(slot) { local.insert(slot) }
      if startsSlowly {
        slots[slot].availableSince = now
        slots[slot].isStarting = true
        starting += 1
      }
    } else {
      if rules.choice != .byKey {
        slots[slot].reference.counter.close()
        table.remove(at: available.place(of: slot))
      }
      available.remove(slot)
      local.remove(slot)
      endSlowStart(slot)
    }
  }

  mutating func endSlowStart(_ slot: Int) {
    guard slots[slot].isStarting else { return }
    slots[slot].isStarting = false
    starting -= 1
    updatePlain()
  }

  /// Says what follows from the sets, after they have changed.
  mutating func settle(_ events: inout [BalancerEvent]) {
    let (present, all) = (available.count, listed.count)
    let panics = all > 0 && (present == 0 || Double(present) < rules.panicThreshold * Double(all))
    if panics != isPanicking {
      isPanicking = panics
      if weighted > 0 { isStale = true }
      events.append(
        panics
          ? .panicBegan(service: service, available: present, instances: all) : .panicEnded(service: service))
    }
    if weighted == 0, plan.order(of: .available) != nil { isStale = true }
    updatePlain()
  }

  mutating func updatePlain() {
    let isPlain =
      available.count > 0 && !isPanicking && !isStale && starting == 0 && weighted == 0 && rules.zone == nil
      && rules.choice != .byKey
    plainUntil = isPlain ? nextSweep : .min
    switch rules.choice {
    case .leastLoaded: table.permitChoices(until: plainUntil)
    case .roundRobin: table.permitTurns(until: plainUntil)
    case .soonest, .byKey: break
    }
  }

  private func isLocal(_ slot: Int) -> Bool {
    guard let zone = rules.zone, let member = members[slot] else { return false }
    return member.instance.zone == zone
  }
}

// MARK: - Slots

extension BalancerStateMachine {
  private mutating func newSlot() -> Int {
    if let slot = freeSlots.popLast() { return slot }
    members.append(nil)
    slots.append(InstanceSlot(table.addSlot()))
    weights.append(0)
    hashes.append(0)
    if rules.outliers != nil { outcomes.append(OutcomeCount()) }
    return members.count - 1
  }

  /// Frees the slot of a registration that is gone once no call holds it.
  @inline(never)
  mutating func freeIfAbandoned(_ slot: Int) -> Bool {
    guard slots[slot].reference.counter.vacate() else { return false }
    free(slot)
    return true
  }

  private mutating func free(_ slot: Int) {
    freed?.append((slot, slots[slot].epoch))
    members[slot] = nil
    slots[slot].epoch = 0
    layout += 1
    freeSlots.append(slot)
  }
}

// MARK: - The plan

extension BalancerStateMachine {
  /// What to make a plan from; `nil` when there is no need, or another thread makes one.
  mutating func beginPlanning() -> BalancingPlan.Source? {
    guard isStale, !isPlanning else { return nil }
    isPlanning = true
    isStale = false
    return BalancingPlan.Source(
      pool: isPanicking ? listed.slots : available.slots, local: local.slots, listed: listed.slots,
      weights: weights, hashes: hashes, isWeighted: weighted > 0, isByKey: rules.choice == .byKey)
  }

  /// - Returns: The old plan, to be let go of outside the lock.
  mutating func finishPlanning(_ new: BalancingPlan) -> BalancingPlan {
    defer { plan = new }
    isPlanning = false
    updatePlain()
    return plan
  }
}

internal import ResilienceCore

/// The reservations that are held, in the order in which they were made, and what was taken in between.
///
/// Between two reservations there is only ever one ``Steps``. Making one at the instant `t` is such a step
/// too, as long as its time has not come: taking `cost`, and as much again of it as is more than the bucket
/// holds, at `t`. When something before it goes, `t` becomes the present. Those whose time has come stay
/// where they are. The times of those that are still to come grow from one to the next, so they are the end
/// of the row.
struct ReservationRow: Sendable {
  private struct Entry: Sendable {
    let id: UInt64
    /// 0 once it is cancelled or final, until the row is packed.
    var permits: Int
    var cost: Int128
    /// What happened since the one before.
    var before: Steps
    /// What the holder is told, of one whose time has come.
    var due = Instant(nanoseconds: .max)
  }

  private var rate: GenericCellRate
  private var entries: [Entry] = []
  private var tree = StepsTree()
  /// When the bucket was full before the first of them.
  private var start = Steps.longAgo
  /// What happened since the last of them.
  private var rest = Steps()
  /// How many there are, without those that are gone.
  private var held = 0
  /// Those before this position stay where they are, even if those before them go. Some more may be due.
  private var passed = 0
  /// The latest instant that was told since there are reservations, in nanoseconds.
  private var latest = Int64.min
  private var lastID: UInt64 = 0

  init(_ rate: GenericCellRate) { self.rate = rate }

  var isEmpty: Bool { held == 0 }

  /// How many there is memory for.
  var room: Int { tree.capacity }

  private var present: Int128 { rate.ticks(latest) }
  private var fullAt: Int128 { rest.applied(to: tree.all.steps.applied(to: start)) }

  /// Begins a row, in which there is none so far.
  mutating func begin(_ rate: GenericCellRate, fullAt: Int128, at now: Instant) {
    self.rate = rate
    start = fullAt
    latest = now.nanoseconds
  }

  /// Appends what is taken without a reservation, if there are any.
  mutating func take(_ cost: Int128, at ticks: Int128, _ now: Instant) {
    if isEmpty { return }
    latest = max(latest, now.nanoseconds)
    rest.take(cost, at: ticks)
  }
}

// MARK: - Asking

extension ReservationRow {
  func due(of id: UInt64) -> Instant? { position(of: id).map { due(at: $0) } }

  /// Permits of the reservations whose time has not come. Time does not go back here either.
  func pendingPermits(at now: Instant) -> Int {
    if isEmpty { return 0 }
    return tree.firstDue(after: rate.ticks(max(latest, now.nanoseconds)), from: start)?.permits ?? 0
  }

  private func due(at position: Int) -> Instant {
    if position < passed { return entries[position].due }
    let (node, fullAt) = tree.find(position, from: start)
    return instant(node.due.applied(to: fullAt))
  }

  /// What the holder is told of one that has not passed.
  private func instant(_ due: Int128) -> Instant {
    if rate.isTimed { return Instant(nanoseconds: rate.nanoseconds(due)) }
    return Instant(nanoseconds: due > 0 ? .max : latest)
  }

  private func position(of id: UInt64) -> Int? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].id == id, entries[low].permits > 0 else { return nil }
    return low
  }
}

// MARK: - Changing

extension ReservationRow {
  /// - Returns: The number of the reservation.
  mutating func append(_ permits: Int, _ cost: Int128, at now: Instant) -> UInt64 {
    latest = max(latest, now.nanoseconds)
    lastID += 1
    if tree.count == tree.capacity { pack() }
    let entry = Entry(id: lastID, permits: permits, cost: cost, before: rest, due: now)
    rest = Steps()
    entries.append(entry)
    tree.append(pending(entry, at: rate.ticks(now.nanoseconds)))
    held += 1
    // Without time it is there at once or never.
    if !rate.isTimed { passed = entries.count }
    return lastID
  }

  /// - Returns: When the bucket is full now; `nil` when the reservation is gone, or its time has passed.
  mutating func cancel(_ id: UInt64, at now: Instant) -> Int128? {
    guard let position = position(of: id) else { return nil }
    latest = max(latest, now.nanoseconds)
    let (node, before) = tree.find(position, from: start)
    let due = node.due.applied(to: before)
    guard isCancellable(position, due: due) else { return nil }
    if entries.count == 1 {
      let fullAt = rest.applied(to: entries[0].before.applied(to: start))
      clear()
      return fullAt
    }
    // Others may be due in the same nanosecond.
    if due <= present { passThose(except: position) }
    (entries[position].permits, held) = (0, held - 1)
    tree.replace(position, StepsTree.Node(steps: entries[position].before), movingOthersTo: present)
    if !rate.isTimed { passThose() }
    let fullAt = fullAt
    tidy()
    return fullAt
  }

  /// - Returns: Whether it was there.
  mutating func settle(_ id: UInt64) -> Bool {
    guard let position = position(of: id) else { return false }
    let (node, fullAt) = tree.find(position, from: start)
    let steps = final(entries[position], due: node.due.applied(to: fullAt)).steps
    (entries[position].permits, entries[position].before, held) = (0, steps, held - 1)
    tree.replace(position, StepsTree.Node(steps: steps))
    tidy()
    return true
  }

  /// - Returns: When the bucket is full now.
  mutating func refund(_ cost: Int128, at now: Instant) -> Int128 {
    latest = max(latest, now.nanoseconds)
    guard
      let (position, before) = tree.firstDue(after: present, from: start).map({ ($0.position, $0.fullAt) })
    else {
      rest = rest.followed(by: refunding(cost, fullAt: fullAt))
      return fullAt
    }
    let steps = entries[position].before
    entries[position].before = steps.followed(by: refunding(cost, fullAt: steps.applied(to: before)))
    tree.replace(position, pending(entries[position], at: present), movingOthersTo: present)
    if !rate.isTimed { passThose() }
    return fullAt
  }

  private func refunding(_ cost: Int128, fullAt: Int128) -> Steps {
    Steps(sum: -min(cost, max(0, fullAt - present)))
  }

  /// Whether the nanosecond in which it is due has not passed.
  private func isCancellable(_ position: Int, due: Int128) -> Bool {
    if position < passed { return entries[position].due.nanoseconds >= latest }
    return rate.isTimed ? due > present - Int128(rate.ticksPerNanosecond) : true
  }

  /// Has those stay where they are whose time has come: each of them once.
  private mutating func passThose(except removed: Int? = nil) {
    let end = tree.firstDue(after: present, from: start)?.position ?? entries.count
    while passed < end {
      if passed != removed, entries[passed].permits > 0 {
        let (node, fullAt) = tree.find(passed, from: start)
        let due = node.due.applied(to: fullAt)
        entries[passed].due = instant(due)
        tree.replace(passed, final(entries[passed], due: due))
      }
      passed += 1
    }
  }
}

// MARK: - As the tree has them

extension ReservationRow {
  /// A reservation that is still to come, and was made, or moved, at `instant`.
  private func pending(_ entry: Entry, at instant: Int128) -> StepsTree.Node {
    let excess = max(0, entry.cost - Int128(rate.capacity))
    let cost = rate.isTimed ? entry.cost + excess : entry.cost
    let node = StepsTree.Node(
      steps: Steps(sum: cost, floor: instant + cost, lead: cost),
      due: Steps(sum: entry.cost - Int128(rate.capacity), floor: instant + excess, lead: excess),
      permits: entry.permits)
    return entry.before.isNothing ? node : StepsTree.Node(steps: entry.before).followed(by: node)
  }

  /// A reservation that stays where it is.
  private func final(_ entry: Entry, due: Int128) -> StepsTree.Node {
    // Without time, one that is never there has been taken all the same.
    let due = rate.isTimed ? due : min(due, 0)
    let node = StepsTree.Node(
      steps: .taking(entry.cost, at: due), due: Steps(sum: Steps.longAgo, floor: due), permits: entry.permits)
    return StepsTree.Node(steps: entry.before).followed(by: node)
  }

  /// Forgets what is gone, when it is most of the row.
  private mutating func tidy() {
    if isEmpty {
      clear()
    } else if tree.count >= 64, held * 8 <= tree.count {
      pack()
    }
  }

  private mutating func clear() {
    if entries.count == 1 {
      entries.removeLast()
    } else {
      entries.removeAll(keepingCapacity: entries.count <= 16)
    }
    if tree.capacity <= 16 { tree.removeAll() } else { tree = StepsTree() }
    (rest, passed, held) = (Steps(), 0, 0)
  }

  /// Joins what is gone to what comes after it, and makes room for more of them.
  private mutating func pack() {
    // Some more room for a few, since packing looks at all of it.
    let room = max(1, held < 32 ? 4 * held : 2 * held)
    tree.pack(capacity: 1 << (Int.bitWidth - (room - 1).leadingZeroBitCount)) { entries[$0].permits > 0 }
    passed = entries.prefix(passed).count { $0.permits > 0 }
    var (kept, gone) = (0, Steps())
    for entry in entries {
      let before = gone.followed(by: entry.before)
      if entry.permits > 0 {
        entries[kept] = entry
        entries[kept].before = before
        (kept, gone) = (kept + 1, Steps())
      } else {
        gone = before
      }
    }
    entries.removeLast(entries.count - kept)
    rest = gone.followed(by: rest)
  }
}

// MARK: - Another rate

extension ReservationRow {
  /// Times all anew. It looks at each of them: every one is told another instant, and rounded by itself.
  ///
  /// - Returns: When the bucket is full now.
  mutating func update(_ new: GenericCellRate, at nanoseconds: Int64) -> Int128 {
    latest = max(latest, nanoseconds)
    pack()
    let change = RateChange(from: rate, to: new, at: latest)
    let (oldPresent, row) = (present, tree.row)
    var dues: [Int128] = []
    var fullAt = start
    for node in row {
      dues.append(node.due.applied(to: fullAt))
      fullAt = node.steps.applied(to: fullAt)
    }
    for position in passed..<entries.count where dues[position] <= oldPresent {
      entries[position].due = instant(dues[position])
    }
    start = change.moved(entries[0].before.applied(to: start))
    entries[0].before = Steps()
    rest = change.moved(rest)
    passed = dues.count { $0 <= oldPresent }
    rate = new
    for position in entries.indices {
      entries[position].cost = change.scaled(entries[position].cost)
      entries[position].before = change.moved(entries[position].before)
    }
    let nodes = entries.indices.map { position in
      position < passed
        ? final(entries[position], due: change.moved(dues[position]))
        : pending(entries[position], at: present)
    }
    tree = StepsTree(nodes, capacity: tree.capacity)
    if !rate.isTimed { passThose() }
    return self.fullAt
  }
}

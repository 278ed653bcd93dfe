internal import ResilienceCore

/// Which events were handled, and which are being handled. Pure but for ``InboxHolder``.
///
/// An event is marked only after its handler succeeded: one that fails is released and comes again. Two
/// queues in the order of their instants let memory go without a timer.
struct InboxStateMachine {
  private enum Entry {
    case reserved(generation: UInt64, until: Instant, InboxHolder?)
    case committed(generation: UInt64)
  }

  struct Expiry {
    let key: InboxKey
    let generation: UInt64
    let at: Instant
  }

  private let window: Duration
  private let lease: Duration
  private let capacity: Int
  private var entries: [InboxKey: Entry] = [:]
  private(set) var leases = FIFO<Expiry>()
  private var commits = FIFO<Expiry>()
  private var lastGeneration: UInt64 = 0
  private(set) var reserved = 0
  var committed: Int { entries.count - reserved }

  init(_ policy: InboxPolicy) {
    window = policy.window
    lease = policy.lease
    capacity = policy.capacity
  }

  /// - Parameter holder: Who handles the event; the lease goes on as long as it is at work.
  mutating func reserve(
    _ key: InboxKey, at now: Instant, for holder: InboxHolder? = nil
  ) -> InboxAdmission {
    forgetExpired(at: now)
    switch entries[key] {
    case .committed: return .duplicate
    case .reserved(_, let until, _): return .busy(until: until)
    case nil: break
    }
    if entries.count == capacity, !forgetOldestCommit() {
      return .busy(until: leases.isEmpty ? now : leases.front.at)
    }
    lastGeneration += 1
    let until = hold(key, lastGeneration, at: now, for: holder)
    reserved += 1
    dropEndedLeases()
    return .reserved(InboxReservation(key: key, expiresAt: until, generation: lastGeneration))
  }

  /// Whether the event is being handled, and not by `holder` itself, which would wait for its own end.
  func isHeld(_ key: InboxKey, byOtherThan holder: InboxHolder) -> Bool {
    if case .reserved(_, _, let other) = entries[key] { other != holder } else { false }
  }

  /// Marks an event as handled, also when its lease has ended and somebody else has taken over: a third time
  /// would help nobody. `false` when it was marked before, or there is no room for it.
  mutating func commit(_ reservation: InboxReservation, at now: Instant) -> Bool {
    switch entries[reservation.key] {
    case .reserved: reserved -= 1
    case .committed: return false
    case nil: guard entries.count < capacity || forgetOldestCommit() else { return false }
    }
    entries[reservation.key] = .committed(generation: reservation.generation)
    commits.append(
      Expiry(key: reservation.key, generation: reservation.generation, at: now.advanced(by: window)))
    return true
  }

  /// What an earlier process has handled; in the order of the instants.
  mutating func remember(_ key: InboxKey, until instant: Instant) {
    guard entries[key] == nil, entries.count < capacity || forgetOldestCommit() else { return }
    lastGeneration += 1
    entries[key] = .committed(generation: lastGeneration)
    commits.append(Expiry(key: key, generation: lastGeneration, at: instant))
  }

  /// Forgets a reservation: the event may be handled again at once. `false` when it was not held any more.
  mutating func release(_ reservation: InboxReservation) -> Bool {
    guard case .reserved(reservation.generation, _, _) = entries[reservation.key] else { return false }
    entries[reservation.key] = nil
    reserved -= 1
    return true
  }

  private mutating func hold(
    _ key: InboxKey, _ generation: UInt64, at now: Instant, for holder: InboxHolder?
  ) -> Instant {
    let until = now.advanced(by: lease)
    entries[key] = .reserved(generation: generation, until: until, holder)
    leases.append(Expiry(key: key, generation: generation, at: until))
    return until
  }

  private mutating func forgetExpired(at now: Instant) {
    while !commits.isEmpty, commits.front.at <= now { _ = forgetOldestCommit() }
    while !leases.isEmpty, leases.front.at <= now || !holds(leases.front) {
      guard let lease = leases.popFirst(),
        case .reserved(lease.generation, _, let holder) = entries[lease.key]
      else { continue }
      if let holder, holder.isAtWork {
        _ = hold(lease.key, lease.generation, at: now, for: holder)
      } else {
        entries[lease.key] = nil
        reserved -= 1
      }
    }
  }

  private func holds(_ lease: Expiry) -> Bool {
    if case .reserved(lease.generation, _, _) = entries[lease.key] { true } else { false }
  }

  /// Leases that have ended behind one that holds: few in memory, and O(1) for each reservation.
  private mutating func dropEndedLeases() {
    guard leases.count > 2 * reserved + 64 else { return }
    let current = self
    leases.removeAll { !current.holds($0) }
  }

  private mutating func forgetOldestCommit() -> Bool {
    guard let oldest = commits.popFirst() else { return false }
    entries[oldest.key] = nil
    return true
  }
}

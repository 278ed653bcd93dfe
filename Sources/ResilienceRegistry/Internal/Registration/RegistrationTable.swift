internal import ResilienceCore

/// The registrations of one service: a state machine.
///
/// What snapshots show is in ``members``, a tree that they share; what only the registry needs is beside it,
/// by the number of the registration. A lease is over at its own instant, not after it. Every mutation but
/// ``expire(at:)`` expects that one to be called first, and returns what is to be told.
struct RegistrationTable {
  struct Term {
    let id: String
    let ttlNanoseconds: Int64
    var expiresAt: Instant
    var reports: HealthReports
    var ownerState = InstanceState.inService
    /// The lease that a store keeps; `nil` for one that is kept here.
    var storeLeaseID: Int64?
    /// Its entry of ``deadlines``.
    var watch: DueHeap<UInt64>.Handle?
  }

  /// What an operator said of an id; it outlives the registration for a while, as a restart is no answer to
  /// it.
  struct Override {
    var state: InstanceState
    /// While the id is not registered.
    var ending: DueHeap<Identifier>.Handle?
  }

  /// As long as Eureka remembers an overridden status.
  static let overrideMemoryNanoseconds: Int64 = 3_600_000_000_000

  let service: String
  private(set) var members = ServiceMembers()
  private(set) var counts = MemberCounts()
  private(set) var staleSince: Instant?

  /// Grows with every change that a snapshot shows; a renewal is none.
  private(set) var version: UInt64 = 0
  private var isPanicking = false

  var terms: [UInt64: Term] = [:]
  var deadlines = DueHeap<UInt64>()
  var lapses: LapseCounter
  var overrides: [Identifier: Override] = [:]
  /// Those whose ids are gone, by when they end.
  private(set) var overrideEnds = DueHeap<Identifier>()

  var registered: UInt64 = 0
  var deregistered: UInt64 = 0
  var expired: UInt64 = 0

  init(service: String, selfPreservation: SelfPreservation? = SelfPreservation()) {
    self.service = service
    lapses = LapseCounter(selfPreservation)
  }

  /// O(1): the members are shared.
  var snapshot: ServiceSnapshot {
    ServiceSnapshot(
      service: service, version: version, members: members, isPanicking: counts.isPanicking,
      staleSince: staleSince)
  }

  /// Whether nothing is known at `now` that would be missed.
  mutating func isEmpty(at now: Instant) -> Bool {
    forgetOverrides(at: now)
    return members.isEmpty && staleSince == nil && overrides.isEmpty
  }

  /// Nothing is over before this instant; a lower bound, since renewals do not move it.
  var earliestExpiry: Instant { deadlines.earliest ?? Deadline.never.instant }

  func contains(epoch: UInt64) -> Bool { terms[epoch] != nil }
}

// MARK: - Changing what is shown

extension RegistrationTable {
  mutating func show(_ member: ServiceMember) {
    let replaced = members.put(member)
    counts.replace(replaced, with: member)
    if let replaced, replaced.epoch != member.epoch { forget(replaced.epoch) }
  }

  /// Takes a registration out.
  mutating func hide(_ id: String, at now: Instant) -> ServiceMember? {
    guard let member = members.remove(id) else { return nil }
    counts.replace(member, with: nil)
    forget(member.epoch)
    letOverrideEnd(of: Identifier(id), at: now)
    return member
  }

  /// Changes what is shown of a registration.
  ///
  /// - Returns: What was shown before and what is now; `nil` if nothing has changed.
  mutating func update(
    _ id: String, _ change: (inout ServiceMember) -> Void
  ) -> (before: ServiceMember, after: ServiceMember)? {
    guard let before = members.member(withID: id) else { return nil }
    var after = before
    change(&after)
    guard after.health != before.health || after.state != before.state || after.isSuspect != before.isSuspect
    else { return nil }
    show(after)
    return (before, after)
  }

  /// Ends a step that has changed what is shown.
  mutating func noteChange(_ events: inout [RegistryEvent]) {
    version += 1
    let panics = counts.isPanicking
    guard panics != isPanicking else { return }
    isPanicking = panics
    events.append(
      panics ? .panicBegan(service: service, instances: members.count) : .panicEnded(service: service))
  }

  /// Says that the members are what was known at `instant`, since their source cannot be reached; `nil` that
  /// they are not.
  mutating func setStale(since instant: Instant?) -> [RegistryEvent] {
    guard (instant == nil) != (staleSince == nil) else { return [] }
    staleSince = instant
    var events: [RegistryEvent] = [
      instant == nil ? .staleEnded(service: service) : .staleBegan(service: service, instances: members.count)
    ]
    noteChange(&events)
    return events
  }
}

// MARK: - Deadlines

extension RegistrationTable {
  /// Sees to it that the registration is looked at when its lease or a report ends.
  mutating func enqueue(_ epoch: UInt64) {
    guard let term = terms[epoch] else { return }
    let due = min(term.expiresAt, term.reports.end)
    if let watch = term.watch {
      if let earlier = deadlines.due(of: watch), earlier <= due { return }
      deadlines.remove(watch)
    }
    terms[epoch]?.watch = deadlines.insert(epoch, due: due)
  }

  private mutating func forget(_ epoch: UInt64) {
    if let watch = terms.removeValue(forKey: epoch)?.watch { deadlines.remove(watch) }
  }

  /// What an operator said of an id that is gone is remembered for a while.
  private mutating func letOverrideEnd(of id: Identifier, at now: Instant) {
    guard !overrides.isEmpty else { return }
    forgetOverrides(at: now)
    guard overrides[id] != nil else { return }
    let end = now.advanced(byNanoseconds: Self.overrideMemoryNanoseconds)
    overrides[id]?.ending = overrideEnds.insert(id, due: end)
  }

  /// An id that is registered again keeps what an operator said of it, if that has not ended.
  mutating func keepOverride(_ id: Identifier, at now: Instant) -> InstanceState {
    forgetOverrides(at: now)
    if let ending = overrides[id]?.ending {
      overrideEnds.remove(ending)
      overrides[id]?.ending = nil
    }
    return overrides[id]?.state ?? .inService
  }

  private mutating func forgetOverrides(at now: Instant) {
    while let id = overrideEnds.popDue(at: now) { overrides[id] = nil }
  }
}

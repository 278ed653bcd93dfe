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
    /// The one entry of ``deadlines`` that counts.
    var dueAt: Instant?
  }

  /// What an operator said of an id; it outlives the registration for a while, as a restart is no answer to
  /// it.
  struct Override {
    var state: InstanceState
    var endsAt = Deadline.never.instant
    /// The registration that it outlives; `nil` while the id is registered.
    var outlives: UInt64?
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
  var deadlines = DeadlineHeap()
  var lapses: LapseCounter
  var overrides: [Identifier: Override] = [:]
  /// When those end whose ids are gone, by the registrations that they outlive.
  private(set) var overrideEnds = DeadlineHeap()
  private var outliving: [UInt64: Identifier] = [:]

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
  func isEmpty(at now: Instant) -> Bool {
    members.isEmpty && staleSince == nil && overrides.allSatisfy { $0.value.endsAt <= now }
  }

  /// Nothing is over before this instant; a lower bound, since renewals do not move it.
  var earliestExpiry: Instant { deadlines.earliest }

  func contains(epoch: UInt64) -> Bool { terms[epoch] != nil }
}

// MARK: - Changing what is shown

extension RegistrationTable {
  mutating func show(_ member: ServiceMember) {
    let replaced = members.put(member)
    counts.replace(replaced, with: member)
    if let replaced, replaced.epoch != member.epoch { terms[replaced.epoch] = nil }
  }

  /// Takes a registration out.
  mutating func hide(_ id: String, at now: Instant) -> ServiceMember? {
    guard let member = members.remove(id) else { return nil }
    counts.replace(member, with: nil)
    terms[member.epoch] = nil
    letOverrideEnd(member, at: now)
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
    guard term.dueAt.map({ due < $0 }) ?? true else { return }
    terms[epoch]?.dueAt = due
    deadlines.push(DeadlineHeap.Entry(instant: due, epoch: epoch))
    if deadlines.count > 2 * terms.count + 64 {
      deadlines.compact { [terms] in terms[$0.epoch]?.dueAt == $0.instant }
    }
  }

  /// What an operator said of a registration that is gone is remembered for a while.
  private mutating func letOverrideEnd(_ member: ServiceMember, at now: Instant) {
    guard !overrides.isEmpty else { return }
    forgetOverrides(at: now)
    let id = Identifier(member.instance.id)
    guard overrides[id] != nil else { return }
    let end = now.advanced(byNanoseconds: Self.overrideMemoryNanoseconds)
    overrides[id]?.endsAt = end
    overrides[id]?.outlives = member.epoch
    outliving[member.epoch] = id
    overrideEnds.push(DeadlineHeap.Entry(instant: end, epoch: member.epoch))
    if overrideEnds.count > 2 * outliving.count + 64 {
      overrideEnds.compact { [outliving] in outliving[$0.epoch] != nil }
    }
  }

  /// An id that is registered again keeps what an operator said of it, if that has not ended.
  mutating func keepOverride(_ id: Identifier, at now: Instant) -> InstanceState {
    forgetOverrides(at: now)
    if let epoch = overrides[id]?.outlives {
      outliving[epoch] = nil
      overrides[id]?.endsAt = Deadline.never.instant
      overrides[id]?.outlives = nil
    }
    return overrides[id]?.state ?? .inService
  }

  private mutating func forgetOverrides(at now: Instant) {
    while let entry = overrideEnds.pop(at: now) {
      guard let id = outliving.removeValue(forKey: entry.epoch) else { continue }
      overrides[id] = nil
    }
  }
}

public import ResilienceCore
public import Synchronization

/// Spreads calls over the instances of one service, and knows how many are in flight to each.
///
/// The engine behind ``RegisteredService/balanced(_:_:)``, and a face of its own for code that is no
/// ``Handler``:
///
/// ```swift
/// let inventory = registry.service("inventory").balancer(.powerOfTwoChoices)
///
/// let stock = try await inventory.run { instance in
///   try await client.stock(of: sku, at: instance.address)
/// }
/// ```
///
/// Instances that are unhealthy are left out while there are others, and so are those that its
/// ``BalancingPolicy`` ejects. When too few are left, all are tried.
///
/// A pick takes the same time however many instances there are. When the registry has changed, the pick that
/// finds out looks for what is different, without holding up the others: those go by what was known before
/// until it is done.
public final class Balancer: Sendable {
  /// How it chooses, and whom it leaves out.
  public let policy: BalancingPolicy

  /// Whether it must be told what became of each call, and when.
  @usableFromInline let readsOutcomes: Bool

  /// Grows whenever a slot is given to, or taken from, a registration; see ``InstanceHandlers``.
  @usableFromInline let publishedLayout = Atomic<UInt64>(0)

  private let measuresLatency: Bool
  private let directory: ServiceDirectory
  private let state: Lock<BalancerStateMachine>
  private let eventQueue: EventQueue<BalancerEvent>

  init(
    directory: ServiceDirectory, policy: BalancingPolicy, tellsFreed: Bool = false,
    onEvent: (@Sendable (BalancerEvent) -> Void)? = nil
  ) {
    self.directory = directory
    self.policy = policy
    let machine = BalancerStateMachine(service: directory.service, policy: policy, tellsFreed: tellsFreed)
    measuresLatency = machine.rules.choice == .soonest
    readsOutcomes = measuresLatency || policy.outliers != nil
    state = Lock(machine)
    eventQueue = EventQueue(onEvent)
  }

  convenience init(directory: ServiceDirectory, strategy: BalancingStrategy) {
    self.init(directory: directory, policy: BalancingPolicy(strategy))
  }

  /// The name of the service.
  public var service: String { directory.service }

  /// How it chooses.
  public var strategy: BalancingStrategy { policy.strategy }
}

// MARK: - Picking

extension Balancer {
  /// Picks an instance at `now`, and counts a call to it as in flight until the pick is released.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - key: What calls that belong to one instance have in common, for
  ///     ``BalancingStrategy/consistentHash``. Default: none.
  ///   - draw: 64 random bits to choose with. Default: from the present call's.
  /// - Returns: `nil` when the service has no instance that takes calls.
  @inlinable
  public func pick(
    at now: Instant, key: String? = nil, draw: UInt64 = CallContext.current.random()
  ) -> InstancePick? {
    let selection = select(at: now.nanoseconds, callID: 0, attempt: 1, key: Self.hash(of: key), draw)
    guard let selection else { return nil }
    return InstancePick(balancer: self, selection: selection)
  }

  @inlinable
  @inline(__always)
  static func hash(of key: String?) -> UInt64 {
    guard let key else { return 0 }
    return hash(ofPresent: key)
  }

  @usableFromInline
  @inline(never)
  static func hash(ofPresent key: String) -> UInt64 { max(1, stableHash(key)) }

  @usableFromInline
  @inline(never)
  func select(_ context: inout CallContext, key: UInt64) throws -> Selection {
    let selection = select(
      at: context.now.nanoseconds, callID: context.callID, attempt: context.attempt, key: key,
      context.random())
    guard let selection else { throw NoInstanceAvailable(service: service) }
    if context.isObserved { context.emit(InstancePicked(instance(of: selection))) }
    return selection
  }

  @usableFromInline
  func select(at now: Int64, callID: UInt64, attempt: UInt16, key: UInt64, _ draw: UInt64) -> Selection? {
    let selection: Selection? = state.withLock { state in
      guard now < state.plainUntil, directory.isCurrent(state.version, at: now) else { return nil }
      if attempt > 1, callID != 0 { return state.selectUntried(at: now, callID: callID, draw) }
      return state.selectPlainly(at: now, callID: callID, draw)
    }
    return selection
      ?? selectAnew(PickRequest(now: now, callID: callID, attempt: attempt, key: key, draw: draw))
  }

  @inline(never)
  private func selectAnew(_ request: PickRequest) -> Selection? {
    let selection: Selection? = state.withLock { state in
      guard !state.isStale, request.now < state.nextSweep, directory.isCurrent(state.version, at: request.now)
      else { return nil }
      return state.selectCarefully(request)
    }
    guard selection == nil else { return selection }
    catchUp(at: Instant(nanoseconds: request.now), draw: request.draw)
    return state.withLock { $0.select(request) }
  }

  /// Goes on to another instance when the chosen one's own layers refused to start the work.
  ///
  /// - Throws: `error` when it is no refusal; when nobody is left, the refusal that ends first.
  @usableFromInline
  @inline(never)
  func selectAnother(
    than selection: Selection, after error: any Error, _ verdict: Verdict, _ refused: inout RefusedInstances,
    _ context: inout CallContext
  ) throws -> Selection {
    finish(selection, verdict, context)
    context.forgetNow()
    guard ErrorKind(of: error).contains(.rejection), let rejection = error as? any Rejection,
      !context.deadline.hasPassed(at: context.now),
      !Task.isCancelled
    else { throw error }
    refused.note(rejection)
    if refused.searchID == 0 { refused.searchID = context.makeID() }
    var request = PickRequest(
      now: context.now.nanoseconds, callID: context.callID, attempt: context.attempt, key: refused.key,
      draw: context.random())
    request.searchID = refused.searchID
    let (search, count) = (request, refused.count)
    let another: Selection? = state.withLock {
      $0.selectAnother(search, than: selection.epoch, refusals: count)
    }
    guard let another else { throw refused.rejection ?? error }
    if context.isObserved { context.emit(InstancePicked(instance(of: another))) }
    return another
  }
}

// MARK: - What became of it

extension Balancer {
  @usableFromInline
  @inline(never)
  func release(_ selection: Selection) {
    let slot = selection.slot
    state.withLock { state in
      if state.release(slot) { publishedLayout.store(state.layout, ordering: .releasing) }
    }
  }

  /// Notes what became of a call, and gives its slot back.
  @usableFromInline
  @inline(never)
  func finish(_ selection: Selection, _ verdict: Verdict, _ context: CallContext) {
    guard readsOutcomes, verdict != .neutral else { return release(selection) }
    let needsClock = measuresLatency || verdict == .failure
    record(
      verdict, of: selection, at: needsClock ? context.readClock() : Instant(nanoseconds: 0), releases: true)
  }

  /// Notes what became of a call.
  @usableFromInline
  @inline(never)
  func record(_ verdict: Verdict, of selection: Selection, at now: Instant, releases: Bool) {
    guard readsOutcomes, verdict != .neutral else { return }
    let hasEvents = state.withLock { state in
      let events = state.record(succeeded: verdict == .success, of: selection, at: now.nanoseconds)
      events.forEach { eventQueue.enqueue($0) }
      if releases, state.release(selection.slot) {
        publishedLayout.store(state.layout, ordering: .releasing)
      }
      return !events.isEmpty
    }
    if hasEvents { eventQueue.drain() }
  }

  @usableFromInline
  @inline(never)
  func instance(of selection: Selection) -> ServiceInstance {
    let member = state.withLock { $0.members[selection.slot] }
    guard let member else { preconditionFailure("slot \(selection.slot) was given back while it was in use") }
    return member.instance
  }

  /// The slots that were given back since it was last asked, each with its registration, and the number of
  /// this layout.
  func takeFreed() -> (layout: UInt64, slots: [(slot: Int, epoch: UInt64)]) {
    state.withLock { state in
      defer { state.freed = [] }
      return (state.layout, state.freed ?? [])
    }
  }
}

// MARK: - What is done between picks

extension Balancer {
  /// Follows the registry, sweeps if it is time, and plans anew what has to be planned: each by one thread,
  /// outside the lock, while others go on with what there is.
  private func catchUp(at now: Instant, draw: UInt64) {
    follow(at: now, draw: draw)
    sweep(at: now, draw: draw)
    if let source = state.withLock({ $0.beginPlanning() }) {
      let plan = BalancingPlan(source)
      _ = state.withLock { $0.finishPlanning(plan) }
    }
    eventQueue.drain()
  }

  private func follow(at now: Instant, draw: UInt64) {
    var isBehind = true
    while isBehind {
      let roster: FollowedRoster? = state.withLock { state in
        directory.isCurrent(state.version, at: now.nanoseconds) ? nil : state.beginFollowing(draw: draw)
      }
      guard let roster else { return }
      let update = roster.update(to: directory.snapshot(at: now))
      isBehind = state.withLock { state in
        let events = state.follow(update, at: now.nanoseconds, draw: draw)
        events?.forEach { eventQueue.enqueue($0) }
        publishedLayout.store(state.layout, ordering: .releasing)
        return events == nil
      }
    }
  }

  private func sweep(at now: Instant, draw: UInt64) {
    let (rules, size) = state.withLock { ($0.rules.outliers, $0.sweepSize(at: now.nanoseconds)) }
    guard let rules, let size else { return }
    let empty = [OutcomeCount](repeating: OutcomeCount(), count: size)
    guard let counts = state.withLock({ $0.beginSweep(at: now.nanoseconds, empty) }) else { return }
    let found = OutlierSweep(rules: rules).outliers(in: counts, draw: draw)
    state.withLock { state in
      state.finishSweep(found, at: now.nanoseconds).forEach { eventQueue.enqueue($0) }
    }
  }
}

// MARK: - Looking in

extension Balancer {
  /// What the balancer knows at this moment.
  public func snapshot() -> BalancerSnapshot {
    let context = CallContext.current
    catchUp(at: context.readClock(), draw: context.random())
    return state.withLock { BalancerSnapshot(service: service, $0) }
  }
}

extension ServiceDirectory {
  @inline(__always)
  fileprivate func isCurrent(_ version: UInt64, at now: Int64) -> Bool {
    isCurrent(version, at: Instant(nanoseconds: now))
  }
}

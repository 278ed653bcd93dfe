public import ResilienceCore
public import Synchronization

/// Spreads calls over the instances of one service, and knows how many are in flight to each.
///
/// The engine behind ``RegisteredService/balanced(_:_:)``, and a face of its own for code that is no
/// ``ResilienceCore/Handler``:
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
/// A pick takes the same time however many instances there are. Round robin and power of two choices take no
/// lock, unless weights, a zone, a slow start or a panic come into it. When the registry has changed, the
/// pick that finds out looks for what is different, without holding up the others: those go by what was known
/// before until it is done.
public final class Balancer: Sendable {
  /// How it chooses, and whom it leaves out.
  public let policy: BalancingPolicy

  /// Whether it must be told what became of each call, and when.
  @usableFromInline let readsOutcomes: Bool

  /// Grows whenever a slot is given to, or taken from, a registration; see ``InstanceHandlers``.
  @usableFromInline let publishedLayout = Atomic<UInt64>(0)

  /// Whether a choice goes by latencies, which the lock guards.
  private let measuresLatency: Bool
  /// Whether a choice goes by the calls in flight to all, which the lock guards.
  private let countsAll: Bool
  @usableFromInline let directory: ServiceDirectory
  @usableFromInline let table: SlotTable
  let state: Lock<BalancerStateMachine>
  let eventQueue: EventQueue<BalancerEvent>

  init(
    directory: ServiceDirectory, policy: BalancingPolicy, tellsFreed: Bool = false,
    onEvent: (@Sendable (BalancerEvent) -> Void)? = nil
  ) {
    self.directory = directory
    self.policy = policy
    let machine = BalancerStateMachine(service: directory.service, policy: policy, tellsFreed: tellsFreed)
    measuresLatency = machine.rules.choice == .soonest
    countsAll = machine.rules.choice == .byKey
    readsOutcomes = measuresLatency || policy.outliers != nil
    table = machine.table
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
  @inline(__always)
  public func pick(
    at now: Instant, key: String? = nil, draw: UInt64 = CallContext.current.random()
  ) -> InstancePick? {
    let selection = selectAtOnce(at: now.nanoseconds, draw) ?? select(at: now.nanoseconds, key: key, draw)
    guard let selection else { return nil }
    return InstancePick(balancer: self, selection: selection)
  }

  @usableFromInline
  @inline(never)
  func select(at now: Int64, key: String?, _ draw: UInt64) -> Selection? {
    select(PickRequest(now: now, key: Self.hash(of: key), draw: draw))
  }

  /// Without a lock: the better of two, if that is all that a first attempt goes by at present.
  ///
  /// - Returns: `nil` when it is not, or the slot has closed meanwhile.
  @inlinable
  @inline(__always)
  func selectAtOnce(at now: Int64, _ draw: UInt64) -> Selection? {
    guard isCurrent(at: now), now < table.choicesUntil.load(ordering: .relaxed) else { return nil }
    let slot = table.betterOfTwo(draw)
    guard _fastPath(slot.counter.pin()) else {
      unpin(slot)
      return nil
    }
    return Selection(slot, at: now)
  }

  /// Whether all that the registry has changed until `now` has been taken over.
  @inlinable
  @inline(__always)
  func isCurrent(at now: Int64) -> Bool {
    directory.isCurrent(table.version.load(ordering: .acquiring), at: now)
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
    let request = PickRequest(
      now: context.now.nanoseconds, callID: context.callID, attempt: context.attempt, key: key,
      draw: context.random())
    let selection = select(request)
    guard let selection else { throw NoInstanceAvailable(service: service) }
    if context.isObserved { context.emit(InstancePicked(instance(of: selection))) }
    return selection
  }

  @inline(__always)
  private func select(_ request: PickRequest) -> Selection? {
    let selection = measuresLatency ? selectMeasured(request) : selectWithoutLock(request)
    return selection ?? selectAnew(request)
  }

  @inline(__always)
  private func selectMeasured(_ request: PickRequest) -> Selection? {
    let (now, callID, attempt, draw) = (request.now, request.callID, request.attempt, request.draw)
    return state.withLock { state in
      guard now < state.plainUntil, directory.isCurrent(state.version, at: now) else { return nil }
      if attempt > 1 { return state.selectUntried(at: now, callID: callID, draw) }
      return state.selectPlainly(at: now, callID: callID, draw)
    }
  }

  @inline(__always)
  private func selectWithoutLock(_ request: PickRequest) -> Selection? {
    guard isCurrent(at: request.now), let slot = table.choose(request) else { return nil }
    guard slot.counter.pin() else {
      unpin(slot)
      return nil
    }
    let selection = Selection(slot, at: request.now)
    if request.callID != 0 { table.tried.note(request.callID, selection.epoch) }
    return selection
  }

  @inline(never)
  private func selectAnew(_ request: PickRequest) -> Selection? {
    let selection: Selection? = state.withLock { state in
      guard !state.isStale, request.now < state.nextSweep, directory.isCurrent(state.version, at: request.now)
      else { return nil }
      return state.select(request)
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
    let epoch = selection.epoch
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
      $0.selectAnother(search, than: epoch, refusals: count)
    }
    guard let another else { throw refused.rejection ?? error }
    if context.isObserved { context.emit(InstancePicked(instance(of: another))) }
    return another
  }
}

// MARK: - What became of it

extension Balancer {
  @inlinable
  @inline(__always)
  func release(_ selection: Selection) {
    if !_fastPath(selection.reference.counter.release()) { releaseOtherwise(selection.reference) }
    // The counter is the balancer's memory.
    extendLifetime(self)
  }

  /// What a release does beside the count, where the slot is not open.
  @usableFromInline
  @inline(never)
  func releaseOtherwise(_ slot: SlotReference) {
    slot.counter.check()
    guard countsAll || slot.counter.isAbandoned else { return }
    state.withLock { state in
      if state.noteRelease(of: slot.counter.slot) {
        publishedLayout.store(state.layout, ordering: .releasing)
      }
    }
  }

  /// Takes a call back that was added to a slot which is not open.
  @usableFromInline
  @inline(never)
  func unpin(_ slot: SlotReference) {
    guard !slot.counter.release(), slot.counter.isAbandoned else { return }
    state.withLock { state in
      if state.freeIfAbandoned(slot.counter.slot) {
        publishedLayout.store(state.layout, ordering: .releasing)
      }
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
      if releases, state.release(selection) {
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

// MARK: - Looking in

extension Balancer {
  /// What the balancer knows at this moment.
  public func snapshot() -> BalancerSnapshot {
    let context = CallContext.current
    catchUp(at: context.readClock(), draw: context.random())
    return state.withLock { BalancerSnapshot(service: service, $0) }
  }
}

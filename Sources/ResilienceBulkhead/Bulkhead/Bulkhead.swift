public import ResilienceCore
public import Synchronization

/// Limits how much is done at one time, so that one slow destination cannot take all that its callers have.
///
/// A destination that hangs collects calls: each holds a task, a connection, a caller's caller, until nothing
/// is left for those that are well. Behind a bulkhead it can take so much and no more.
///
/// ```swift
/// let bulkhead = Bulkhead("inventory", limit: .fixed(20), maxWaiting: 20)
///
/// let stock = ServiceCall("inventory") { (sku: String) in try await client.stock(of: sku) }
///   .bulkhead(bulkhead)                                               // as a decorator
///
/// let count = try await bulkhead.run { try await client.count() }     // inline
/// ```
///
/// Whoever comes first goes in first, unless the policy or a priority says otherwise, and nobody goes in past
/// those who wait: not a newcomer, and not a light call past a heavy one that waits for its room. Room comes
/// back on every path out, and room that is handed to a call that has just been cancelled goes to the next.
public final class Bulkhead: Sendable {
  /// Names what is protected, in errors, events and metrics; empty when unnamed.
  public let name: String

  @usableFromInline let occupancy: Occupancy
  @usableFromInline let fastLimit: Atomic<Int>

  let waited = Atomic<Int>(0)
  let rejected = Atomic<Int>(0)
  let cancelled = Atomic<Int>(0)
  let eventQueue: EventQueue<BulkheadEvent>?
  private let guarded: Lock<Guarded>

  struct Guarded: Sendable {
    var machine: BulkheadStateMachine
    var limit: BulkheadLimit
    var adaptive: AdaptiveLimit?
    /// When somebody last left whom an adaptive limit has learned from.
    var lastMeasured = Instant.distantPast

    /// Whether the lock decides who enters.
    var isNeeded: Bool { adaptive != nil || machine.waiting > 0 }
    var fullLimit: Int { adaptive?.fullLimit ?? machine.limit }
  }

  /// How much may be inside, and who waits outside; see ``update(_:)-(BulkheadPolicy)``.
  public var policy: BulkheadPolicy { guarded.withLock { $0.policy } }

  /// Creates an empty bulkhead.
  ///
  /// - Parameters:
  ///   - name: Names what is protected, in errors, events and metrics; empty when unnamed.
  ///   - policy: How much may be inside, and who waits outside. Default: as much as the destination can bear,
  ///     which is learned; nobody waits.
  ///   - onEvent: Is told of every refusal, every wait and every change of the limit: synchronously, after
  ///     the lock is released. It must be quick.
  public convenience init(
    _ name: String, policy: BulkheadPolicy = BulkheadPolicy(),
    onEvent: (@Sendable (BulkheadEvent) -> Void)? = nil
  ) {
    self.init(name, policy, onEvent.map { EventQueue($0) })
  }

  /// One of many, which may share who is told.
  init(_ name: String, _ policy: BulkheadPolicy, _ eventQueue: EventQueue<BulkheadEvent>?) {
    self.name = name
    self.eventQueue = eventQueue
    var guarded = Guarded(
      machine: BulkheadStateMachine(limit: 1, maxWaiting: policy.maxWaiting, order: policy.order),
      limit: policy.limit)
    guarded.set(policy.limit)
    occupancy = Occupancy(guarded: guarded.isNeeded)
    fastLimit = Atomic(guarded.machine.limit)
    self.guarded = Lock(guarded)
  }

  /// Creates an empty bulkhead.
  ///
  /// - Parameters:
  ///   - name: Names what is protected, in errors, events and metrics; empty when unnamed.
  ///   - limit: How much may be inside at one time.
  ///   - maxWaiting: The most calls that may wait at one time, 0 to 10⁶. Default: 0, nobody waits.
  ///   - order: Which of those that wait at equal priority goes in first. Default: first come, first served.
  ///   - onEvent: Is told of every refusal, every wait and every change of the limit.
  public convenience init(
    _ name: String, limit: BulkheadLimit, maxWaiting: Int = 0, order: BulkheadOrder = .fifo,
    onEvent: (@Sendable (BulkheadEvent) -> Void)? = nil
  ) {
    self.init(
      name, policy: BulkheadPolicy(limit: limit, maxWaiting: maxWaiting, order: order), onEvent: onEvent)
  }

  /// Enters if there is room and nobody waits.
  ///
  /// - Parameters:
  ///   - weight: How much of the limit the call takes; 0 is let in at once and takes nothing. Default: 1.
  ///   - now: The present instant; only an adaptive limit asks.
  @inlinable
  public func tryEnter(weight: Int = 1, at now: Instant) -> BulkheadAdmission {
    if entersAtOnce(weight) {
      return .entered(BulkheadPermit(bulkhead: self, token: BulkheadToken(weight: weight)))
    }
    return enterSlowly(weight, at: now)
  }

  @usableFromInline
  @inline(never)
  func enterSlowly(_ weight: Int, at now: Instant) -> BulkheadAdmission {
    if let token = enterLocked(weight, at: now) {
      return .entered(BulkheadPermit(bulkhead: self, token: token))
    }
    let isPossible = withGuarded { $0.limit.allows(weight) }
    tell(.rejected(isPossible ? .noRoom : nil))
    return isPossible ? .rejected : .impossible
  }

  /// What the bulkhead knows.
  public func snapshot() -> BulkheadSnapshot {
    withGuarded { guarded in
      BulkheadSnapshot(
        name: name, limit: guarded.fullLimit, inUse: guarded.machine.inUse, waiting: guarded.machine.waiting,
        waited: waited.load(ordering: .relaxed), rejected: rejected.load(ordering: .relaxed),
        cancelled: cancelled.load(ordering: .relaxed), isProbing: guarded.adaptive?.isProbing ?? false,
        unloadedLatency: guarded.adaptive?.unloadedLatency)
    }
  }
}

// MARK: - Without the lock and with it

extension Bulkhead {
  @inlinable
  @inline(__always)
  func entersAtOnce(_ weight: Int) -> Bool {
    occupancy.tryEnter(weight, limit: fastLimit.load(ordering: .relaxed))
  }

  /// Leaves, unless somebody waits or learns.
  @inlinable
  @inline(__always)
  func leavesAtOnce(_ weight: Int) -> Bool {
    occupancy.tryLeave(weight)
  }

  /// Operates on the state with the lock held; the number that is inside moves into the machine and back.
  func withGuarded<Answer: Sendable>(_ operation: (inout Guarded) -> Answer) -> Answer {
    guarded.withLock { guarded in
      guarded.machine.inUse = occupancy.take()
      let answer = operation(&guarded)
      occupancy.release(guarded.machine.inUse, guarded: guarded.isNeeded)
      return answer
    }
  }
}

public import ResilienceCore

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
  public var name: String { storage.name }

  // Owned, and read without a reference count: it lives as long as this.
  @usableFromInline let unmanagedStorage: Unmanaged<BulkheadStorage>

  /// How much may be inside, and who waits outside; see ``update(_:)-(BulkheadPolicy)``.
  public var policy: BulkheadPolicy { storage.withGuarded { $0.policy } }

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
    unmanagedStorage = .passRetained(BulkheadStorage(name, policy, eventQueue))
  }

  deinit {
    if !storage.isLeftToPermits() { unmanagedStorage.release() }
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
      return .entered(BulkheadPermit(storage: unmanagedStorage, token: BulkheadToken(weight: weight)))
    }
    return enterSlowly(weight, at: now)
  }

  /// What the bulkhead knows.
  public func snapshot() -> BulkheadSnapshot {
    storage.snapshot()
  }
}

extension Bulkhead {
  @usableFromInline var storage: BulkheadStorage { unmanagedStorage.takeUnretainedValue() }

  /// Uses the storage without a reference count. Once this is inlined nothing else would keep the bulkhead.
  @inlinable
  @inline(__always)
  func withStorage<Answer>(_ body: (BulkheadStorage) -> Answer) -> Answer {
    withExtendedLifetime(self) { unmanagedStorage._withUnsafeGuaranteedRef(body) }
  }

  @inlinable
  @inline(__always)
  func enterUnlessFull(_ weight: Int, _ context: CallContext) -> BulkheadToken? {
    entersAtOnce(weight) ? BulkheadToken(weight: weight) : enterLocked(weight, context)
  }

  @inlinable
  @inline(__always)
  func entersAtOnce(_ weight: Int) -> Bool {
    withStorage { $0.entersAtOnce(weight) }
  }

  /// Leaves, unless somebody waits or learns.
  @inlinable
  @inline(__always)
  func leavesAtOnce(_ weight: Int) -> Bool {
    withStorage { $0.leavesAtOnce(weight) }
  }

  @usableFromInline
  @inline(never)
  func enterSlowly(_ weight: Int, at now: Instant) -> BulkheadAdmission {
    if let token = withStorage({ $0.enterLocked(weight, at: now) }) {
      return .entered(BulkheadPermit(storage: unmanagedStorage, token: token))
    }
    return withStorage { $0.reject(weight) } ? .rejected : .impossible
  }

  @inlinable
  func enterLocked(_ weight: Int, _ context: CallContext) -> BulkheadToken? {
    withStorage { $0.enterLocked(weight, context) }
  }

  @inlinable
  func leave(_ token: BulkheadToken, _ outcome: Outcome, _ context: CallContext) {
    withStorage { $0.leave(token, outcome, context) }
  }
}

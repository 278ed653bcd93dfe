public import ResilienceCore

/// The room that one call takes inside a bulkhead: give it back with ``leave(_:at:)``.
///
/// It can be given back once, also when the bulkhead is gone. One that is dropped (the task was cancelled,
/// something threw) goes back by itself; an adaptive limit learns nothing from it.
public struct BulkheadPermit: ~Copyable, Sendable {
  // Not retained: while the permit takes something of the limit, the storage stays. One of weight 0 takes
  // nothing, and touches nothing.
  @usableFromInline let storage: Unmanaged<BulkheadStorage>
  @usableFromInline let token: BulkheadToken
  // `discard self` is for trivial storage only, so `deinit` always runs.
  @usableFromInline var isArmed: Bool

  @inlinable
  @inline(__always)
  init(storage: Unmanaged<BulkheadStorage>, token: BulkheadToken) {
    self.storage = storage
    self.token = token
    isArmed = token.weight > 0
  }

  /// How much of the limit it takes.
  public var weight: Int { token.weight }

  /// Gives the room back.
  ///
  /// - Parameters:
  ///   - outcome: What became of the call; only an adaptive limit asks. Default: a success.
  ///   - now: The present instant, after the call; only an adaptive limit asks.
  @inlinable
  public consuming func leave(_ outcome: Outcome = .success, at now: Instant) {
    guard isArmed else { return }
    isArmed = false
    if !leavesAtOnce { storage.takeUnretainedValue().leaveLocked(token, outcome, at: now) }
  }

  @inlinable
  deinit {
    if isArmed, !leavesAtOnce { storage.takeUnretainedValue().abandonLocked(token) }
  }

  // Nothing of the storage is touched after this has been left: it may be gone.
  @inlinable
  var leavesAtOnce: Bool {
    @inline(__always) get { storage._withUnsafeGuaranteedRef { $0.leavesAtOnce(token.weight) } }
  }
}

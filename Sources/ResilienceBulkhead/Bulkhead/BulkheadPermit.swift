public import ResilienceCore

/// The room that one call takes inside a bulkhead: give it back with ``leave(_:at:)``.
///
/// It can be given back once. One that is dropped (the task was cancelled, something threw) goes back by
/// itself; an adaptive limit learns nothing from it.
public struct BulkheadPermit: ~Copyable, Sendable {
  @usableFromInline let bulkhead: Bulkhead
  @usableFromInline let token: BulkheadToken
  // `discard self` is for trivial storage only, so `deinit` always runs.
  @usableFromInline var isArmed: Bool

  @inlinable
  init(bulkhead: Bulkhead, token: BulkheadToken) {
    self.bulkhead = bulkhead
    self.token = token
    isArmed = true
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
    isArmed = false
    if !bulkhead.leavesAtOnce(token.weight) { bulkhead.leaveLocked(token, outcome, at: now) }
  }

  @inlinable
  deinit {
    if isArmed { bulkhead.abandon(token) }
  }
}

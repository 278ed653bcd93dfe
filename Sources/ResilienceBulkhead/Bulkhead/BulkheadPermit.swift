public import ResilienceCore

/// The room that one call takes inside a bulkhead: give it back with ``leave(_:at:)``.
///
/// It can be given back once. One that is dropped (the task was cancelled, something threw) goes back by itself; an adaptive
/// limit learns nothing from it.
public struct BulkheadPermit: ~Copyable, Sendable {
  private let bulkhead: Bulkhead
  private let token: BulkheadToken
  // `discard self` is for trivial storage only, so `deinit` always runs.
  private var isArmed = true

  init(bulkhead: Bulkhead, token: BulkheadToken) {
    self.bulkhead = bulkhead
    self.token = token
  }

  /// How much of the limit it takes.
  public var weight: Int { token.weight }

  /// Gives the room back.
  ///
  /// - Parameters:
  ///   - outcome: What became of the call; only an adaptive limit asks. Default: a success.
  ///   - now: The present instant, after the call; only an adaptive limit asks.
  public consuming func leave(_ outcome: Outcome = .success, at now: Instant) {
    isArmed = false
    bulkhead.leave(token, outcome, at: now)
  }

  deinit {
    if isArmed { bulkhead.abandon(token) }
  }
}

/// A policy that may be changed while calls go by it: what a document says can be said anew without a
/// restart.
///
/// `.retry(live:)`, `.hedge(live:)`, `.timeout(live:)` and `.deadline(live:)` take one. It may be shared by
/// many stacks, which are then changed together. Budgets, counts and what a hedge has learned stay.
///
/// ```swift
/// let attempts = LivePolicy(RetryPolicy())
/// let charge = ServiceCall("payment") { (order: Order) in try await client.charge(order) }
///   .retry(live: attempts, budget: budget)
///
/// attempts.update(try decoder.decode(RetryPolicy.self, from: document))
/// ```
///
/// A document that is wrong throws before ``update(_:)``, and changes nothing. A limit and a hedge hold for a
/// call as they were when it began; a retry asks for its policy after each failed attempt, also of calls that
/// were under way.
///
/// Reading it takes a lock for a few instructions: a retry does so only when an attempt has failed, a time
/// limit and a hedge with each call. A policy that does not change is better handed over as it is.
public final class LivePolicy<Policy: Sendable>: Sendable {
  @usableFromInline let state: Lock<Policy>

  /// Creates one.
  ///
  /// - Parameter initial: What holds until the first update.
  public init(_ initial: Policy) {
    state = Lock(initial)
  }

  /// What holds at present.
  @inlinable public var current: Policy { state.withLock { $0 } }

  /// Has other values hold from now on.
  public func update(_ policy: Policy) {
    // Handed out of the lock, so that what was there before is released outside it.
    let before = state.withLock { current in
      defer { current = policy }
      return current
    }
    _ = before
  }
}

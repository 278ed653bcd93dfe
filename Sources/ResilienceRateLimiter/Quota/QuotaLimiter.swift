public import ResilienceCore

/// Keeps calls within the quotas of their destination, all of them at once: 10 in any second and 200 in any
/// minute.
///
/// ```swift
/// let partner = QuotaLimiter("partner", quotas: [.perSecond(10), .perMinute(200)])
///
/// partner.tryAcquire()                                     // take a permit, or be told when
/// try await partner.run { try await client.get(order) }    // inline
/// let get = ServiceCall { (order: Order.ID) in try await client.get(order) }
///   .rateLimit(partner)                                    // as a decorator
/// ```
///
/// A permit is taken of every quota, or of none. Never more than a quota's permits are given out in any
/// stretch of time of its period; a permit comes back a period after it was taken, or at most a 64th of the
/// period later, since what was taken is counted in so many steps and not one by one.
///
/// A ``TokenBucket`` is cheaper and smoother; this one is for those who must match what a provider counts.
public final class QuotaLimiter: Sendable {
  /// Names what is limited, in errors, events and metrics; empty when unnamed.
  public let name: String

  /// The quotas, as they were given.
  public let quotas: [Quota]

  private struct State: Sendable {
    var windows: [SlidingWindow]
    var acquired = 0
    var refused = 0
    var refunded = 0
  }

  private let state: Lock<State>
  private let smallest: Int
  private let eventQueue: EventQueue<RateLimitEvent>?

  /// Creates a limiter of which nothing was taken.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics; empty when unnamed.
  ///   - quotas: At least one.
  ///   - onEvent: Is told of every refusal, synchronously, after the lock is released. It must be quick.
  public init(_ name: String, quotas: [Quota], onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil) {
    precondition(!quotas.isEmpty, "a quota limiter needs at least one quota")
    self.name = name
    self.quotas = quotas
    smallest = quotas.map(\.permits).min() ?? 0
    state = Lock(State(windows: quotas.map(SlidingWindow.init)))
    eventQueue = onEvent.map { EventQueue($0) }
  }

  /// Takes permits of all quotas if all have them, of none otherwise.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - now: The present instant. One that lies in the past counts as the latest known.
  /// - Complexity: O(number of quotas).
  public func tryAcquire(_ permits: Int = 1, at now: Instant) -> RateLimitDecision {
    decide(permits, at: now, observer: nil)
  }

  /// Takes permits of all quotas if all have them, at the present instant of the current context's clock.
  public func tryAcquire(_ permits: Int = 1) -> RateLimitDecision {
    tryAcquire(permits, at: CallContext.current.readClock())
  }

  /// What the limiter knows, at the present instant of the current context's clock.
  public func snapshot() -> QuotaSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the limiter knows at `now`.
  public func snapshot(at now: Instant) -> QuotaSnapshot {
    state.withLock { state in
      QuotaSnapshot(
        name: name,
        usage: state.windows.indices.map { index in
          state.windows[index].advance(to: now)
          let window = state.windows[index]
          return QuotaSnapshot.Usage(
            quota: quotas[index], available: window.permits - window.used, fullAt: window.full(at: now))
        },
        acquired: state.acquired, refused: state.refused, refunded: state.refunded)
    }
  }

  /// Puts permits back that were taken and not used, such as for a call that was not made after all.
  ///
  /// As if they had not been taken at that time: what a quota has forgotten since has come back by itself,
  /// and no more is given back than was taken.
  ///
  /// - Parameters:
  ///   - permits: As many as were taken; 0 or less gives nothing back. Default: 1.
  ///   - instant: When they were taken.
  /// - Complexity: O(number of quotas).
  public func refund(_ permits: Int = 1, takenAt instant: Instant) {
    state.withLock { state in
      let permits = min(permits, state.acquired &- state.refunded)
      guard permits > 0 else { return }
      state.refunded &+= permits
      for index in state.windows.indices { state.windows[index].refund(permits, takenAt: instant) }
    }
  }
}

// MARK: - Deciding

extension QuotaLimiter {
  private func decide(_ permits: Int, at now: Instant, observer: CallContext?) -> RateLimitDecision {
    if permits == 0 { return .acquired }
    let decision: RateLimitDecision = state.withLock { state in
      let decision = take(permits, at: now, &state.windows)
      if decision == .acquired {
        state.acquired &+= permits
      } else {
        state.refused &+= 1
        eventQueue?.enqueue(refusal(decision, permits, at: now))
      }
      return decision
    }
    if decision != .acquired {
      eventQueue?.drain()
      observer?.emit(refusal(decision, permits, at: now))
    }
    return decision
  }

  private func take(_ permits: Int, at now: Instant, _ windows: inout [SlidingWindow]) -> RateLimitDecision {
    guard permits > 0 else { return .impossible }
    guard permits <= smallest else { return smallest == 0 ? .refused(retryAt: nil) : .impossible }
    var fits = true
    for index in windows.indices {
      windows[index].advance(to: now)
      fits = fits && windows[index].used <= windows[index].permits - permits
    }
    guard fits else {
      return .refused(retryAt: windows.reduce(now) { max($0, $1.earliest(permits, at: now)) })
    }
    for index in windows.indices { windows[index].take(permits) }
    return .acquired
  }

  private func refusal(_ decision: RateLimitDecision, _ permits: Int, at now: Instant) -> RateLimitEvent {
    let retryAt: Instant? = if case .refused(let retryAt) = decision { retryAt } else { nil }
    return RateLimitEvent(limiter: name, kind: .refused(retryAt: retryAt), permits: permits, instant: now)
  }

  /// Takes permits, or throws the rejection.
  @usableFromInline
  @inline(never)
  func enter(_ permits: Int, _ context: inout CallContext) throws {
    let now = context.now
    switch decide(permits, at: now, observer: context) {
    case .acquired: return
    case .impossible: throw ImpossiblePermits(limiter: name, permits: permits, burst: smallest)
    case .refused(let retryAt): throw RateLimited(limiter: name, reason: .noPermit, retryAt: retryAt, at: now)
    }
  }

  /// Puts the permits of a call back that a layer inside has refused: nothing ran.
  @usableFromInline
  @inline(never)
  func refund(_ permits: Int, takenAt instant: Instant, ifRefusal error: any Error) {
    if ErrorKind(of: error).contains(.rejection) { refund(permits, takenAt: instant) }
  }
}

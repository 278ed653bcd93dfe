public import ResilienceCore
internal import Synchronization

/// One adaptive throttle for each key: per instance, per route, per tenant.
///
/// A throttle around several destinations holds calls to all of them back when one refuses too many. With one
/// each, made when it is first asked for, nobody has to keep a table of them.
///
/// ```swift
/// let throttles = AdaptiveThrottles<Host>("partners")
///
/// let fetch = fetch.throttle(throttles, by: { request in request.host })
/// let page = try await throttles.run(key: host) { try await client.get(page, from: host) }
/// ```
///
/// A throttle that has seen no call within its window, and that nobody holds, is as new: it is forgotten when
/// room is needed, and whether it still is there makes no difference. The number is bounded: when all are in
/// use, calls of further keys pass **unguarded** and are not counted, rather than that a flood of invented
/// keys takes memory without end. A throttle takes about a kilobyte.
public final class AdaptiveThrottles<Key: Hashable & Sendable>: Sendable {
  /// Names the destinations, in the names of the throttles.
  public let name: String

  /// When the calls of a key are held back.
  public let policy: AdaptiveThrottlePolicy

  @usableFromInline let throttles: KeyedObjects<Key, AdaptiveThrottle>
  @usableFromInline let overflow: AdaptiveThrottle
  let onEvent: (@Sendable (ThrottleEvent) -> Void)?
  let unguardedCalls = Atomic<Int>(0)
  /// Calls held back by throttles that were forgotten.
  let rejectedBefore = Atomic<Int>(0)

  /// Creates a table without throttles.
  ///
  /// - Parameters:
  ///   - name: Names the destinations. The throttle of a key is named by it, a slash and the key.
  ///   - policy: The policy of each.
  ///   - maxThrottles: The most throttles that are kept at one time, 1 to 10⁹. Default: 10 000, some 10
  ///     megabytes.
  ///   - onEvent: Is told of every call that is held back, synchronously, after the lock is released. It must
  ///     be quick.
  public init(
    _ name: String, policy: AdaptiveThrottlePolicy = AdaptiveThrottlePolicy(), maxThrottles: Int = 10_000,
    onEvent: (@Sendable (ThrottleEvent) -> Void)? = nil
  ) {
    precondition(
      (1...1_000_000_000).contains(maxThrottles),
      "maxThrottles of \"\(name)\" must be in 1 ... 10⁹, was \(maxThrottles)")
    self.name = name
    self.policy = policy
    self.onEvent = onEvent
    throttles = KeyedObjects(maxKeys: maxThrottles)
    // It holds nothing back: nobody attempts so much within a window.
    overflow = AdaptiveThrottle(
      "\(name)/…", policy: AdaptiveThrottlePolicy(multiplier: 1000, probes: 1_000_000_000))
  }

  /// The most throttles that are kept at one time.
  public var maxThrottles: Int { throttles.maxKeys }

  /// The throttle of a key, at the present instant of the current context's clock.
  @inlinable
  public subscript(key: Key) -> AdaptiveThrottle {
    throttle(for: key, at: CallContext.current.readClock())
  }

  /// The throttle of a key; made, if there is none.
  ///
  /// - Complexity: O(1) on average; now and then a new key looks at all of them, a thousand at a time.
  @inlinable
  public func throttle(for key: Key, at now: Instant) -> AdaptiveThrottle {
    throttles.find(key) ?? make(key, at: now)
  }

  @usableFromInline
  @inline(never)
  func make(_ key: Key, at now: Instant) -> AdaptiveThrottle {
    let throttle = throttles.make(
      key, at: now, asNewFrom: { Instant(nanoseconds: $0.snapshot(at: now).attempts == 0 ? .min : .max) },
      retire: { rejectedBefore.wrappingAdd($0.snapshot(at: now).rejected, ordering: .relaxed) }
    ) {
      AdaptiveThrottle("\(name)/\(key)", policy: policy, onEvent: onEvent)
    }
    if throttle == nil { unguardedCalls.wrappingAdd(1, ordering: .relaxed) }
    return throttle ?? overflow
  }

  /// What the table holds, at the present instant of the current context's clock.
  public func snapshot() -> AdaptiveThrottlesSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the table holds at `now`.
  ///
  /// - Complexity: O(n) in the number of throttles, a thousand at a time.
  public func snapshot(at now: Instant) -> AdaptiveThrottlesSnapshot {
    var snapshot = AdaptiveThrottlesSnapshot(
      name: name, throttles: 0, holdingBack: 0, rejected: rejectedBefore.load(ordering: .relaxed),
      unguarded: unguardedCalls.load(ordering: .relaxed))
    throttles.forEach { throttle in
      let one = throttle.snapshot(at: now)
      snapshot.throttles += 1
      snapshot.holdingBack += one.rejectionProbability > 0 ? 1 : 0
      snapshot.rejected += one.rejected
    }
    return snapshot
  }
}

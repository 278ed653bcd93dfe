public import Resilience
internal import Synchronization

/// A rate limit that several processes share, in Redis.
///
/// ```swift
/// let limiter = SharedRateLimiter("payment", limit: .perSecond(500), on: redis, processes: 4)
///
/// try await limiter.acquire()                                   // wait for a permit
/// try await limiter.run { try await client.pay(order) }         // inline
/// let pay = ServiceCall { (order: Order) in try await client.pay(order) }
///   .rateLimit(limiter)                                         // as a decorator
/// ```
///
/// A process leases permits: about as many as it used lately in 100 ms, and at most half of its share of the
/// burst, the burst divided by ``processes``. As long as it has some, no call asks Redis. A lease is over
/// after a second; what was not used by then is lost, or given back when the process asks for the next one
/// before.
///
/// **The bound.** While Redis is there, all processes together use no more between two instants than the
/// burst and what the rate yields in between, to a microsecond of Redis' clock: a permit that is leased and
/// not known to be used counts against the burst. A lease ends by the process' own clock, which is to run as
/// fast as Redis'.
///
/// **Redis is away** when it refuses a connection or has not answered in time (``timeLimit``). Then each
/// process goes on with a limit of its own, ``fallback``, and asks every 250 ms at most whether Redis is
/// back; no call waits for that. For each time that Redis goes away, the processes use beyond the bound at
/// most
///
/// - one burst, for the bucket is full again when Redis is back, also when it has forgotten everything;
/// - the burst of each process' fallback;
/// - what the fallbacks yield until each process has noticed that Redis is back: half a second, and an
///   answer.
///
/// By default, with no more than ``processes``, that is two bursts and what the rate yields in half a second.
/// A process that alone cannot reach Redis uses its fallback beside what the others share.
public final class SharedRateLimiter: Sendable {
  /// Names what is limited, in errors, events and metrics, and in Redis.
  public let name: String

  /// The rate and the burst of all processes together.
  public let limit: RateLimit

  /// How many processes there are about.
  public let processes: Int

  /// The limit of this process alone while Redis is away.
  public let fallback: RateLimit

  /// How long a call waits for Redis at most.
  public let timeLimit: Duration

  let redis: RedisClient
  let state: Mutex<LeaseState>
  let waiting = Mutex(SharedWaiting())
  let counts = Mutex(SharedCounts())
  let local: TokenBucket
  private let key: String
  private let holder: String
  private let maxWaiting: Int
  private let onEvent: (@Sendable (SharedRateLimiterEvent) -> Void)?

  /// Creates a limiter; Redis is asked when the first call comes.
  ///
  /// - Parameters:
  ///   - name: Not empty, and the same in all processes. What is there in Redis under it has the limit of
  ///     whoever asks.
  ///   - limit: The rate and the burst of all processes together; with a rate of 0 nothing passes, not even
  ///     the burst. The burst is to be saved up within ten years.
  ///   - redis: The client; it is not closed.
  ///   - processes: How many there are about, 1 to 1 000 000: a lease is at most half of a share of the
  ///     burst. More processes than that find less in the bucket, and the bound holds all the same while
  ///     Redis is there.
  ///   - fallback: The limit of this process while Redis is away; one of a rate of 0 and no burst refuses
  ///     every call. Default: `limit`, its rate and its burst divided by `processes`; a burst of 1 at least.
  ///   - timeLimit: How long a call waits for Redis at most. Default: 250 ms.
  ///   - maxWaiting: So many calls may wait for permits, and as many for Redis' answer beside the one that
  ///     asks; further ones are refused. Default: 1024, as `TokenBucket`'s.
  ///   - prefix: What the keys in Redis begin with. Default: `resilience`.
  ///   - onEvent: Is told when Redis is away and when it is back; must not block.
  public init(
    _ name: String, limit: RateLimit, on redis: RedisClient, processes: Int, fallback: RateLimit? = nil,
    timeLimit: Duration = .milliseconds(250), maxWaiting: Int = 1024, prefix: String = "resilience",
    onEvent: (@Sendable (SharedRateLimiterEvent) -> Void)? = nil
  ) {
    precondition(!name.isEmpty, "a shared limiter's name must not be empty")
    precondition(
      1...1_000_000 ~= processes, "a shared limiter's processes must be 1 to 1 000 000, was \(processes)")
    self.name = name
    self.limit = limit
    self.processes = processes
    self.redis = redis
    self.timeLimit = timeLimit
    self.maxWaiting = max(0, maxWaiting)
    self.onEvent = onEvent
    self.fallback = fallback ?? limit.divided(by: processes)
    key = "\(prefix):limit:\(name)"
    holder = String(CallContext.current.random(), radix: 36)
    local = TokenBucket(name, limit: self.fallback)
    state = Mutex(
      LeaseState(
        LeasePolicy(
          maxLease: max(1, limit.burst / (2 * processes)), intervalNanoseconds: 100_000_000,
          lifetimeNanoseconds: 1_000_000_000)))
  }
}

// MARK: - Taking permits

extension SharedRateLimiter {
  /// Takes permits if they are there: of the lease, else by asking Redis for one.
  ///
  /// - Parameter permits: How many; 0 pass without any. Default: 1.
  /// - Throws: `CancellationError`, when cancelled while Redis was asked.
  public nonisolated(nonsending) func tryAcquire(_ permits: Int = 1) async throws -> RateLimitDecision {
    let context = CallContext.current
    let decision: RateLimitDecision
    do {
      decision = try await decide(permits, context)
    } catch let error as RateLimited {
      decision = .refused(retryAt: error.retryAt)
    }
    if case .refused(let retryAt) = decision { noteRefusal(permits, retryAt, context) }
    return decision
  }

  /// Takes permits, waiting for them if it must; in no order.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - deadline: Until when to wait; the call's own deadline holds as well. Default: only that.
  /// - Throws: `RateLimited` when there are none before the deadline, or too many wait; `ImpossiblePermits`;
  ///   `CancellationError`.
  public nonisolated(nonsending) func acquire(_ permits: Int = 1, deadline: Deadline = .never) async throws {
    var context = CallContext.current
    context.tightenDeadline(to: deadline)
    try await enter(permits, .wait, context)
  }

  /// Puts permits back that were taken and not used: into the lease, if that lasts.
  ///
  /// - Parameter permits: As many as were taken; 0 or less gives nothing back. Default: 1.
  public func refund(_ permits: Int = 1) {
    guard permits > 0 else { return }
    let now = CallContext.current.readClock()
    state.withLock { $0.refund(permits, at: now) }
  }

  /// Gives back to Redis what is leased and not used, as at the end of a process; else it is lost after a
  /// second.
  public nonisolated(nonsending) func returnLease() async {
    let now = CallContext.current.readClock()
    guard let request = state.withLock({ $0.giveBack(at: now) }) else { return }
    let reply = PendingReply<Bool, Never>()
    ask(request, CallContext.current) { reply.give(.success(true)) }
    _ = await reply.take()
  }

  nonisolated(nonsending) func enter(
    _ permits: Int, _ mode: RateLimitMode, _ context: CallContext
  ) async throws {
    do {
      try await take(permits, mode, context)
    } catch let error as RateLimited {
      noteRefusal(permits, error.retryAt, context)
      throw error
    }
  }

  /// Who waits is refused once, if at all, however often it looks again.
  private nonisolated(nonsending) func take(
    _ permits: Int, _ mode: RateLimitMode, _ context: CallContext
  ) async throws {
    var isCounted = false
    defer { if isCounted { counts.withLock { $0.waiting -= 1 } } }
    while true {
      let decision = try await decide(permits, context)
      let now = context.readClock()
      switch decision {
      case .acquired: return
      case .impossible: throw ImpossiblePermits(limiter: name, permits: permits, burst: limit.burst)
      case .refused(let retryAt):
        guard mode == .wait, let retryAt else { throw refusal(.noPermit, retryAt, now) }
        guard retryAt < context.deadline.instant else { throw refusal(.deadline, retryAt, now) }
        if !isCounted {
          isCounted = counts.withLock { counts in
            guard counts.waiting < maxWaiting else { return false }
            counts.waiting += 1
            return true
          }
          guard isCounted else { throw refusal(.queueFull, retryAt, now) }
        }
        try await context.clock.sleep(until: retryAt)
      }
    }
  }

  private func refusal(_ reason: RateLimited.Reason, _ retryAt: Instant?, _ now: Instant) -> RateLimited {
    RateLimited(limiter: name, reason: reason, retryAt: retryAt, at: now)
  }

  private nonisolated(nonsending) func decide(
    _ permits: Int, _ context: CallContext
  ) async throws -> RateLimitDecision {
    if permits == 0 || limit.isUnlimited && permits > 0 { return .acquired }
    guard permits > 0, limit.permits == 0 || permits <= limit.burst else { return .impossible }
    guard limit.permits > 0 else { return .refused(retryAt: nil) }
    while true {
      let now = context.readClock()
      let waiter = SharedWaiting.Waiter()
      let step = state.withLock { state in
        let mayWait = waiting.withLock { $0.count } < maxWaiting
        let step = state.take(permits, at: now, mayWait: mayWait)
        // Before anybody can answer.
        if step.waits { waiting.withLock { $0.add(waiter) } }
        return step
      }
      switch step {
      case .acquired: return acquired(permits)
      case .refused(let retryAt): return .refused(retryAt: retryAt)
      case .fallback(let request, let nextTry):
        if let request { ask(request, context) }
        return decideAlone(permits, nextTry, now)
      case .ask(let request): ask(request, context)
      case .wait: break
      case .full:
        // By then Redis has answered.
        throw refusal(.queueFull, now.advanced(by: timeLimit), now)
      }
      switch await wait(waiter, context) {
      case .answered: continue
      case .cancelled: throw CancellationError()
      case .deadline: return .refused(retryAt: context.readClock())
      }
    }
  }

  /// Redis is away.
  private func decideAlone(
    _ permits: Int, _ nextTry: Instant, _ now: Instant
  ) -> RateLimitDecision {
    let decision = local.tryAcquire(permits, at: now)
    switch decision {
    case .acquired:
      counts.withLock { $0.acquiredAlone += permits }
      return acquired(permits)
    case .refused(let retryAt?): return .refused(retryAt: retryAt)
    // More than the fallback ever has, or a fallback that has none: Redis may be back then.
    case .refused(nil), .impossible:
      let soon = now.advanced(byNanoseconds: 50_000_000)
      return .refused(retryAt: max(nextTry, soon))
    }
  }

  private func acquired(_ permits: Int) -> RateLimitDecision {
    counts.withLock { $0.acquired += permits }
    return .acquired
  }

  private func noteRefusal(_ permits: Int, _ retryAt: Instant?, _ context: CallContext) {
    counts.withLock { $0.refused += 1 }
    context.emit(
      RateLimitEvent(
        limiter: name, kind: .refused(retryAt: retryAt), permits: permits, instant: context.readClock()))
  }
}

// MARK: - Asking Redis

extension SharedRateLimiter {
  private nonisolated(nonsending) func wait(
    _ waiter: SharedWaiting.Waiter, _ context: CallContext
  ) async -> SharedWaiting.Wake {
    let clock = context.clock
    let alarm =
      context.deadline.isNever
      ? nil : clock.schedule(at: context.deadline.instant) { waiter.give(.success(.deadline)) }
    let result = await withTaskCancellationHandler {
      await waiter.take()
    } onCancel: {
      waiter.give(.success(.cancelled))
    }
    if let alarm { clock.cancel(alarm) }
    return result.get()
  }

  private func ask(_ request: LeaseRequest, _ context: CallContext, then: @escaping @Sendable () -> Void = {})
  {
    let clock = context.clock
    let sentAt = clock.now
    let policy = state.withLock { $0.policy }
    let arguments: [Int64] = [
      Int64(limit.permits), limit.period.microsecondsRoundedUp, Int64(limit.burst),
    ]
    let lease = [request.number, request.used, request.need, request.want].map { Int64($0) }
    redis.evaluate(
      .lease, keys: [.text(key)],
      arguments.map { .integer($0) } + [.text(holder)] + lease.map { .integer($0) }
        + [.integer(policy.lifetimeNanoseconds / 1000)],
      within: timeLimit
    ) { result in
      self.finish(request, result, sentAt: sentAt, at: clock.now)
      then()
    }
  }

  private func finish(
    _ request: LeaseRequest, _ result: Result<RESPValue, RedisError>, sentAt: Instant, at now: Instant
  ) {
    let grant: Result<LeaseGrant, RedisError> = result.flatMap { reply in
      do throws(RESPValue.Mismatch) {
        return .success(try LeaseGrant(reply, want: request.want))
      } catch {
        return .failure(RedisError(.malformedReply, "EVALSHA", error.message))
      }
    }
    let (wasAway, waiters) = state.withLock { state in
      let wasAway = state.isAway
      switch grant {
      case .success(let grant): state.answered(grant, to: request, sentAt: sentAt, at: now)
      case .failure: state.failed(at: now)
      }
      return (wasAway, waiting.withLock { $0.takeAll() })
    }
    for waiter in waiters { waiter.give(.success(.answered)) }
    switch grant {
    case .success where wasAway: onEvent?(SharedRateLimiterEvent(limiter: name, kind: .back, instant: now))
    case .failure(let error) where !wasAway:
      onEvent?(SharedRateLimiterEvent(limiter: name, kind: .away(error), instant: now))
    default: break
    }
  }
}

public import Resilience

/// Quotas that several processes share, in Redis: so many permits in any stretch of time, or in each hour, day or month.
///
/// ```swift
/// let partner = SharedQuota("partner", quotas: [.perSecond(10), Quota(10_000, each: .day)], on: redis)
///
/// try await partner.tryAcquire(for: "customer 17850")
/// try await partner.run { try await client.get(order) }
/// let get = ServiceCall { (order: Order.ID) in try await client.get(order) }.rateLimit(partner)
/// ```
///
/// Each call asks Redis, which counts exactly, by its own clock: never more than a quota's permits are given out in any
/// stretch of time of its period. A permit comes back a period after it was taken, or at most a 64th of the period later.
/// A key has counts of its own, which are gone when they are of no account any more.
///
/// When Redis is away every call throws ``RedisError``, and nothing passes: what is counted here is owed to somebody else.
/// A Redis that comes back empty has forgotten what was taken: up to a quota's permits more pass in that period. One with
/// `appendonly yes` does not forget.
public struct SharedQuota: Sendable {
  /// Names what is limited, in errors, events and in Redis.
  public let name: String

  /// All of them hold at once.
  public let quotas: [Quota]

  /// How long a call waits for Redis at most.
  public let timeLimit: Duration

  private let redis: RedisClient
  private let prefix: String
  private let fixedArguments: [RESPCommand.Argument]

  /// Creates a shared quota; Redis is asked by each call.
  ///
  /// - Parameters:
  ///   - name: Not empty, and the same in all processes.
  ///   - quotas: One or more, the same in all processes.
  ///   - redis: The client; it is not closed.
  ///   - aheadOfUTC: By how much the clocks are ahead of UTC by which the quotas' days begin, the whole year. At most a
  ///     day; more counts as that. Default: not at all.
  ///   - timeLimit: How long a call waits for Redis at most. Default: 1 s.
  ///   - prefix: What the keys in Redis begin with. Default: `resilience`.
  public init(
    _ name: String, quotas: [Quota], on redis: RedisClient, aheadOfUTC: Duration = .zero,
    timeLimit: Duration = .seconds(1), prefix: String = "resilience"
  ) {
    precondition(!name.isEmpty, "a shared quota's name must not be empty")
    precondition(!quotas.isEmpty, "a shared quota needs at least one quota, was \(quotas)")
    self.name = name
    self.quotas = quotas
    self.redis = redis
    self.timeLimit = timeLimit
    self.prefix = "\(prefix):quota:\(name):"
    let ahead = min(max(aheadOfUTC, .seconds(-86_400)), .seconds(86_400)).components.seconds * 1_000_000
    fixedArguments =
      [.integer(ahead)]
      + quotas.flatMap { quota -> [RESPCommand.Argument] in
        [
          .text(quota.calendarPeriod?.rawValue ?? "any"), .integer(Int64(quota.permits)),
          .integer(quota.period.microsecondsRoundedUp),
        ]
      }
  }

  /// Takes permits of every quota, or of none.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - key: Whose. Default: one for all.
  /// - Returns: That they were refused, also when the call's deadline has passed: then Redis is not asked.
  /// - Throws: ``RedisError`` when Redis is away: then it is not known whether they were taken.
  public nonisolated(nonsending) func tryAcquire(
    _ permits: Int = 1, for key: String = ""
  ) async throws -> RateLimitDecision {
    try await decide(permits, key, CallContext.current)
  }

  nonisolated(nonsending) func enter(_ permits: Int, _ key: String, _ context: CallContext) async throws {
    let smallest = quotas.map(\.permits).min() ?? 0
    switch try await decide(permits, key, context) {
    case .acquired: return
    case .impossible: throw ImpossiblePermits(limiter: name, permits: permits, burst: smallest)
    case .refused(let retryAt):
      throw RateLimited(limiter: name, reason: .noPermit, retryAt: retryAt, at: context.readClock())
    }
  }

  private nonisolated(nonsending) func decide(
    _ permits: Int, _ key: String, _ context: CallContext
  ) async throws -> RateLimitDecision {
    let smallest = quotas.map(\.permits).min() ?? 0
    guard permits != 0 else { return .acquired }
    guard permits > 0, smallest == 0 || permits <= smallest else { return .impossible }
    guard smallest > 0 else { return refused(nil, permits, key, context) }
    let now = context.readClock()
    let left = Duration.nanoseconds(context.deadline.remainingNanoseconds(at: now))
    // Nobody waits for the answer any more: nothing is taken.
    guard left > .zero else { return refused(now, permits, key, context) }
    let reply = try await redis.reply(
      to: .quota, keys: [.text(prefix + key)], [.integer(Int64(permits))] + fixedArguments,
      within: min(timeLimit, left))
    let (isTaken, wait): (Int64, Int64)
    do {
      let items = try reply.items("a quota", atLeast: 2)
      (isTaken, wait) = (try items[0].integer("whether it is taken"), try items[1].integer("the wait"))
    } catch {
      throw RedisError(.malformedReply, "EVALSHA", error.message)
    }
    if isTaken == 1 { return .acquired }
    let (nanoseconds, overflow) = max(0, wait).multipliedReportingOverflow(by: 1000)
    let retryAt = context.readClock().advanced(byNanoseconds: overflow ? .max : nanoseconds)
    return refused(retryAt, permits, key, context)
  }

  private func refused(
    _ retryAt: Instant?, _ permits: Int, _ key: String, _ context: CallContext
  ) -> RateLimitDecision {
    context.emit(
      RateLimitEvent(
        limiter: name, key: key.isEmpty ? nil : key, kind: .refused(retryAt: retryAt), permits: permits,
        instant: context.readClock()))
    return .refused(retryAt: retryAt)
  }
}

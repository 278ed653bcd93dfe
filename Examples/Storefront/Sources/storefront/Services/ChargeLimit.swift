import Logging
import Resilience
import ResilienceRedis

/// How many cards all instances of `payments` together charge in a second, as the contract with the provider
/// has it: so many, and as many at once after a pause.
enum ChargeLimit: Sendable {
  /// Counted in Redis.
  case shared(SharedRateLimiter)
  /// Without Redis: this instance's share of it, whatever the others do.
  case own(TokenBucket)

  static let limiterName = "charges"

  /// What Stripe allows a live account in a second (https://support.stripe.com, "Rate limit error when
  /// creating bulk API requests"). The day has 20 orders in a second at most.
  static let builtInPerSecond = 100

  init(_ settings: ServiceSettings, logger: Logger) {
    let (perSecond, instances) = (settings.chargesPerSecond, settings.instances)
    if let redis = settings.redis {
      // As long as the broker, which has the same connection: it is given up when an answer is late.
      // No event is in a hurry.
      self = .shared(
        SharedRateLimiter(
          Self.limiterName, limit: .perSecond(perSecond), on: redis, processes: instances,
          timeLimit: redis.timeLimit
        ) { Self.log($0, logger) })
    } else {
      // So many permits in a period that is longer: exact. Nobody can do with less than one at once.
      let share = RateLimit(perSecond, per: .seconds(instances), burst: max(1, perSecond / instances))
      self = .own(TokenBucket(Self.limiterName, limit: share))
    }
  }

  /// Waits for the permit to charge one card, until the call's deadline.
  ///
  /// - Throws: `RateLimited` when there is none by then; `CancellationError`.
  func acquire() async throws {
    switch self {
    case .shared(let limiter): try await limiter.acquire()
    case .own(let bucket): try await bucket.acquire()
    }
  }

  func snapshot() -> any MetricSource {
    switch self {
    case .shared(let limiter): limiter.snapshot()
    case .own(let bucket): bucket.snapshot()
    }
  }

  private static func log(_ event: SharedRateLimiterEvent, _ logger: Logger) {
    let limiter = Logger.MetadataValue.string(event.limiter)
    switch event.kind {
    case .away(let error):
      logger.warning(
        "Redis is away: this process keeps to its share of the limit",
        metadata: ["limiter": limiter, "error": "\(error)"])
    case .back: logger.notice("the limit is shared again", metadata: ["limiter": limiter])
    }
  }
}

public import ResilienceCore

/// Something a limiter decided, other than letting a call pass at once.
public struct RateLimitEvent: ResilienceEvent, Hashable {
  /// What was decided.
  public enum Kind: Sendable, Hashable {
    /// The permits were refused; trying again can succeed at `retryAt` at the earliest, `nil` when it never
    /// can.
    case refused(retryAt: Instant?)

    /// The call waits; its turn comes at `due` unless one before it gives up.
    case queued(due: Instant)

    /// The call has waited, and passes.
    case granted

    /// The call has waited, and gave up: it was cancelled, or its deadline came before its turn.
    case gaveUp
  }

  /// The limiter's name.
  public let limiter: String

  /// The key whose permits were asked for, as text; `nil` of a limiter without keys.
  ///
  /// The text is made when somebody listens, of each refusal. There may be as many keys as clients: do not
  /// make it a label of a metric.
  public let key: String?

  /// What was decided.
  public let kind: Kind

  /// How many permits were asked for.
  public let permits: Int

  /// When.
  public let instant: Instant

  /// Creates an event.
  public init(limiter: String, key: String? = nil, kind: Kind, permits: Int, instant: Instant) {
    self.limiter = limiter
    self.key = key
    self.kind = kind
    self.permits = permits
    self.instant = instant
  }

  /// `rate_limiter.` and the kind, such as `rate_limiter.refused`.
  public var name: String {
    switch kind {
    case .refused: "rate_limiter.refused"
    case .queued: "rate_limiter.queued"
    case .granted: "rate_limiter.granted"
    case .gaveUp: "rate_limiter.gave_up"
    }
  }

  /// The limiter's name, the key if there is one, the permits, then what the kind adds; instants as delays
  /// from ``instant`` on, in seconds.
  public var attributes: [EventAttribute] {
    var facts = [EventAttribute("limiter", .string(limiter))]
    if let key { facts.append(EventAttribute("key", .string(key))) }
    facts.append(EventAttribute("permits", .integer(Int64(permits))))
    switch kind {
    case .refused(let retryAt):
      guard let retryAt else { return facts }
      return facts + [.seconds("retry_after", from: instant, to: retryAt)]
    case .queued(let due):
      return facts + [.seconds("wait", from: instant, to: due)]
    case .granted, .gaveUp:
      return facts
    }
  }
}

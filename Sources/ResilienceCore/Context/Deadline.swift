/// The instant after which nobody waits for the result any more.
///
/// Absolute, so that it can be handed down through calls, retries and queues without arithmetic; of two
/// nested deadlines the earlier one holds. ``never`` is the default everywhere.
public struct Deadline: Sendable, BitwiseCopyable, Hashable {
  /// The instant at which the deadline passes.
  public let instant: Instant

  /// Creates a deadline that passes at `instant`.
  @inlinable
  public init(at instant: Instant) {
    self.instant = instant
  }

  /// No deadline.
  @inlinable
  public static var never: Deadline { Deadline(at: Instant(nanoseconds: .max)) }

  /// Whether this is ``never``.
  @inlinable
  public var isNever: Bool { instant.nanoseconds == .max }

  /// Whether the deadline has passed; at its own instant it has.
  public func hasPassed(at now: Instant) -> Bool {
    instant <= now
  }

  /// Nanoseconds left at `now`: zero when passed, `Int64.max` for ``never``.
  public func remainingNanoseconds(at now: Instant) -> Int64 {
    isNever ? .max : Swift.max(0, now.nanoseconds(to: instant))
  }

  /// The time left at `now`: zero when passed; 292 years for ``never``.
  public func remaining(at now: Instant) -> Duration {
    .nanoseconds(remainingNanoseconds(at: now))
  }

  /// The earlier of two deadlines.
  public func earlier(_ other: Deadline) -> Deadline {
    instant <= other.instant ? self : other
  }
}

extension Deadline: CustomStringConvertible {
  /// The instant, or `never`.
  public var description: String { isNever ? "never" : instant.description }
}

public import ResilienceCore

/// What a server tells a client about a limit, ready for its response's header fields.
///
/// ```swift
/// let now = CallContext.current.readClock()
/// let decision = perCustomer.tryAcquire(key: customer.id, at: now)
/// let fields = perCustomer.fields(of: customer.id, at: now)
/// response.headers["RateLimit-Policy"] = fields.policy        // "gateway";q=100;w=60
/// response.headers["RateLimit"] = fields.rateLimit            // "gateway";r=42;t=35
/// if let delay = decision.retryAfter(at: now) { response.headers["Retry-After"] = "\(RetryAfter(delay))" }
/// ```
///
/// A ``RateLimited`` that was thrown tells its delay in the same way. `RateLimit` and `RateLimit-Policy` are
/// those of draft-ietf-httpapi-ratelimit-headers-10; ``limit``, ``remaining`` and ``reset`` are for the
/// fields that are older and more widespread, `RateLimit-Limit` or `X-RateLimit-Limit` and so on. Several
/// limits are listed with a comma in between: `fields.map(\.policy).joined(separator: ", ")`. Any values can
/// be written: those beyond what a field can say are the nearest that it can.
public struct RateLimitFields: Sendable, Hashable {
  /// The limit's name.
  public var name: String

  /// Permits in a window.
  public var quota: Int

  /// The window.
  public var window: Duration

  /// Permits that are left, 0 or more.
  public var available: Int

  /// How long until all permits are there again, if none is taken.
  public var untilFull: Duration

  /// Creates the fields of a limit.
  public init(name: String, quota: Int, window: Duration, available: Int, untilFull: Duration) {
    self.name = name
    self.quota = quota
    self.window = window
    self.available = max(0, available)
    self.untilFull = max(.zero, untilFull)
  }

  /// Creates the fields of a rate and burst of which `available` permits are left.
  public init(name: String, limit: RateLimit, available: Int) {
    let missing = Int128(limit.burst - min(limit.burst, max(0, available)))
    let permits = Int128(max(1, limit.permits))
    let nanoseconds = (missing * Int128(limit.period.clampedNanoseconds) + permits - 1) / permits
    self.init(
      name: name, quota: limit.permits, window: limit.period, available: available,
      untilFull: .nanoseconds(limit.permits == 0 ? 0 : Int64(clamping: nanoseconds)))
  }

  /// Creates the fields of each quota of a limiter, at `now`; the name of each is that of the limiter and its
  /// period. A month of the calendar is no number of seconds, and has no window.
  public static func fields(_ snapshot: QuotaSnapshot, at now: Instant) -> [RateLimitFields] {
    snapshot.usage.map { usage in
      let calendarPeriod = usage.quota.calendarPeriod
      let period = calendarPeriod?.rawValue ?? "\(RetryAfter(usage.quota.period))s"
      return RateLimitFields(
        name: snapshot.usage.count == 1 ? snapshot.name : "\(snapshot.name)-\(period)",
        quota: usage.quota.permits, window: calendarPeriod == .month ? .zero : usage.quota.period,
        available: usage.available,
        untilFull: now.duration(to: usage.fullAt))
    }
  }
}

// MARK: - Values

extension RateLimitFields {
  /// The value of `RateLimit-Policy`, such as `"gateway";q=100;w=60`.
  ///
  /// A window that is not a whole number of seconds cannot be said there, and is left out.
  public var policy: String {
    let window = Self.countable(window)
    let seconds = window.clampedNanoseconds / 1_000_000_000
    return item(("q", quota), window == .seconds(seconds) && seconds > 0 ? ("w", Int(seconds)) : nil)
  }

  /// The value of `RateLimit`, such as `"gateway";r=42;t=35`: what is left, and after how many seconds all is
  /// there again.
  public var rateLimit: String {
    item(("r", available), ("t", Int(clamping: RetryAfter(Self.countable(untilFull)).seconds)))
  }

  /// The value of `RateLimit-Limit` or `X-RateLimit-Limit`.
  public var limit: String { Self.digits(quota) }

  /// The value of `RateLimit-Remaining` or `X-RateLimit-Remaining`.
  public var remaining: String { Self.digits(available) }

  /// The value of `RateLimit-Reset`, and of `X-RateLimit-Reset` where it is a number of seconds from now.
  public var reset: String { RetryAfter(Self.countable(untilFull)).description }

  /// The value of `X-RateLimit-Reset` where it is a date in seconds since 1970, as GitHub's.
  public func resetTime(at now: UnixTime) -> String {
    let nanoseconds = now.advanced(by: untilFull).nanoseconds
    return String((max(1, nanoseconds) - 1) / 1_000_000_000 + 1)
  }

  /// An integer of RFC 9651 has at most 15 digits.
  private static func digits(_ number: Int) -> String { String(sayable(number)) }

  private static func sayable(_ number: Int) -> Int { min(max(0, number), 999_999_999_999_999) }

  /// 0 to 292 years, of which every `Duration` can tell the seconds.
  private static func countable(_ duration: Duration) -> Duration {
    min(max(.zero, duration), .nanoseconds(Int64.max))
  }

  private typealias Parameter = (key: Unicode.Scalar, value: Int)

  /// An item of RFC 9651, such as `"gateway";r=42;t=35`: a string, which is printable ASCII, other characters
  /// being replaced by question marks, and its parameters. Written in one piece, for each response has two.
  private func item(_ first: Parameter, _ second: Parameter?) -> String {
    // Of each byte of the name there may be two, and a parameter has a key, two signs and 15 digits.
    String(unsafeUninitializedCapacity: 2 * name.utf8.count + 2 + 2 * 18) { buffer in
      var text = TextBuffer(buffer)
      text.append("\"")
      for scalar in name.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { text.append("\\") }
        text.append((" "..."~").contains(scalar) ? scalar : "?")
      }
      text.append("\"")
      text.append(first.key, Self.sayable(first.value))
      if let second { text.append(second.key, Self.sayable(second.value)) }
      return text.count
    }
  }
}

/// ASCII characters that are written one after the other.
private struct TextBuffer {
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0

  init(_ bytes: UnsafeMutableBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func append(_ scalar: Unicode.Scalar) {
    bytes[count] = UInt8(truncatingIfNeeded: scalar.value)
    count += 1
  }

  /// A parameter whose value is 0 or more.
  mutating func append(_ key: Unicode.Scalar, _ number: Int) {
    append(";")
    append(key)
    append("=")
    let begin = count
    var rest = number
    repeat {
      bytes[count] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      (count, rest) = (count + 1, rest / 10)
    } while rest > 0
    bytes[begin..<count].reverse()
  }
}

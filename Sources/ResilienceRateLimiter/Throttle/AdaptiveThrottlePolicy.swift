internal import ResilienceCore

/// When a client holds its calls back: how much more than what is accepted it sends, and over which time it
/// counts.
public struct AdaptiveThrottlePolicy: Sendable, Hashable {
  /// Which answers of the destination are not an acceptance.
  public enum Refusals: String, Sendable, Hashable, CaseIterable, Codable {
    /// Every failure: also a timeout, an error of the transport, a defect of the destination.
    case failures

    /// Only an outcome whose pushback says `Pushback.overloaded`; other failures count as
    /// accepted.
    case overloads
  }

  /// What is sent at most for each call that is accepted, 1 to 1000.
  public let multiplier: Double

  /// The time that is counted.
  public let window: Duration

  /// Calls that are let through in a window whatever comes of them, 0 to 10⁹.
  public let probes: Int

  /// Which answers are not an acceptance.
  public let refusals: Refusals

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - multiplier: What is sent at most for each call that is accepted, 1 to 1000. Default: 2, the `K` of
  ///     Google's SRE book ("Handling Overload"). Less is kinder to the destination and learns of its
  ///     recovery later.
  ///   - window: The time that is counted, 1 µs to 68 years; calls older than that are forgotten in 32 steps.
  ///     Default: two minutes, the SRE book's.
  ///   - probes: Calls that are let through in a window whatever comes of them, 0 to 10⁹. They keep a quiet
  ///     client from judging by a handful of calls, let a busy one begin with a burst, and are how a recovery
  ///     is noticed: no longer than `window / probes` passes without one. Default: 480, four in each second
  ///     of the two minutes: after an outage of any length a client has its first answer as soon as one that
  ///     holds nothing back, within a tenth of a second or two (`outage-recovery`). 0 is the SRE book's
  ///     formula to the letter, which lets one through in a window.
  ///   - refusals: Which answers are not an acceptance. Default: every failure.
  public init(
    multiplier: Double = 2, window: Duration = .seconds(120), probes: Int = 480,
    refusals: Refusals = .failures
  ) {
    self.multiplier = multiplier
    self.window = window
    self.probes = probes
    self.refusals = refusals
    if let fault { preconditionFailure("an adaptive throttle's \(fault)") }
  }

  /// The longest time without a call that is let through; `nil` without probes.
  var probeNanoseconds: Int64? { probes == 0 ? nil : window.clampedNanoseconds / Int64(probes) }

  var fault: InvalidSetting? {
    .outside(1...1000, "multiplier", multiplier)
      ?? .outside(.microseconds(1) ... .seconds(1 << 31), "window", window)
      ?? .outside(0...1_000_000_000, "probes", probes)
  }
}

/// `{ "multiplier": 2, "window": "2min", "probes": 480, "refusals": "failures" }`, where each may be left
/// out.
extension AdaptiveThrottlePolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case multiplier, window, probes, refusals
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = AdaptiveThrottlePolicy()
    multiplier = try fields.number(.multiplier) ?? defaults.multiplier
    window = try fields.duration(.window) ?? defaults.window
    probes = try fields.integer(.probes) ?? defaults.probes
    refusals = try fields.choice(.refusals) ?? defaults.refusals
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(multiplier, forKey: .multiplier)
    try fields.encode(DurationText(window), forKey: .window)
    try fields.encode(probes, forKey: .probes)
    try fields.encode(refusals, forKey: .refusals)
  }
}

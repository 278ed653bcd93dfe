internal import ResilienceCore

/// When a client holds its calls back: how much more than what is accepted it sends, and over which time it counts.
public struct AdaptiveThrottlePolicy: Sendable, Hashable {
  /// Which answers of the destination are not an acceptance.
  public enum Refusals: String, Sendable, Hashable, Codable {
    /// Every failure: also a timeout, an error of the transport, a defect of the destination.
    case failures

    /// Only an outcome whose pushback says ``Pushback/overloaded``; other failures count as accepted.
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
  ///   - multiplier: What is sent at most for each call that is accepted, 1 to 1000. Default: 2, the `K` of Google's SRE
  ///     book ("Handling Overload"). Less is kinder to the destination and learns of its recovery later.
  ///   - window: The time that is counted, 1 µs to 68 years; calls older than that are forgotten in 32 steps. Default:
  ///     two minutes, the SRE book's.
  ///   - probes: Calls that are let through in a window whatever comes of them, 0 to 10⁹. They keep a quiet
  ///     client from judging by a handful of calls, let a busy one begin with a burst, and are how a recovery is
  ///     noticed. Default: 120, one in each second of the two minutes; 0 is the SRE book's formula to the letter,
  ///     which lets one through in a window.
  ///   - refusals: Which answers are not an acceptance. Default: every failure.
  public init(
    multiplier: Double = 2, window: Duration = .seconds(120), probes: Int = 120,
    refusals: Refusals = .failures
  ) {
    if let fault = Self.fault(multiplier, window, probes) { preconditionFailure("\(fault)") }
    self.multiplier = multiplier
    self.window = window
    self.probes = probes
    self.refusals = refusals
  }

  private static func fault(_ multiplier: Double, _ window: Duration, _ probes: Int) -> InvalidRateLimitValue?
  {
    if !(1...1000).contains(multiplier) {
      return InvalidRateLimitValue("multiplier", multiplier, expected: "1 ... 1000")
    }
    if window < .microseconds(1) || window > .seconds(1 << 31) {
      return InvalidRateLimitValue("windowSeconds", window / .seconds(1), expected: "0.000001 ... 2147483648")
    }
    if !(0...1_000_000_000).contains(probes) {
      return InvalidRateLimitValue("probes", probes, expected: "0 ... 1000000000")
    }
    return nil
  }
}

/// `{ "multiplier": 2, "windowSeconds": 120, "probes": 120, "refusals": "failures" }`, where each may be left out.
extension AdaptiveThrottlePolicy: Codable {
  private enum Field: String, CodingKey {
    case multiplier, windowSeconds, probes, refusals
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: ``InvalidRateLimitValue``, naming the field, when a value is out of its range; `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    let defaults = AdaptiveThrottlePolicy()
    let multiplier = try fields.decodeIfPresent(Double.self, forKey: .multiplier) ?? defaults.multiplier
    let seconds = try fields.decodeIfPresent(Double.self, forKey: .windowSeconds)
    let window = seconds.map(Duration.init(clampedSeconds:)) ?? defaults.window
    let probes = try fields.decodeIfPresent(Int.self, forKey: .probes) ?? defaults.probes
    if let fault = Self.fault(multiplier, window, probes) { throw fault }
    self.init(
      multiplier: multiplier, window: window, probes: probes,
      refusals: try fields.decodeIfPresent(Refusals.self, forKey: .refusals) ?? defaults.refusals)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(multiplier, forKey: .multiplier)
    try fields.encode(window / .seconds(1), forKey: .windowSeconds)
    try fields.encode(probes, forKey: .probes)
    try fields.encode(refusals, forKey: .refusals)
  }
}

extension Duration {
  /// A number from a document as a duration; what is no time at all is zero.
  init(clampedSeconds seconds: Double) {
    self = seconds.isNaN ? .zero : .seconds(min(max(seconds, -1e11), 1e11))
  }
}

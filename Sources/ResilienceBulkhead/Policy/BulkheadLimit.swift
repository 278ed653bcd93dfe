internal import ResilienceCore

/// How much may be inside a bulkhead at one time.
public enum BulkheadLimit: Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// A number that somebody knows, 1 to 10⁹: of connections, of licences, of threads on the other side.
  case fixed(Int)

  /// As much as the destination can bear, learned from how long its calls take; see <doc:AdaptiveLimits>.
  case adaptive(AdaptiveLimitPolicy = AdaptiveLimitPolicy())

  /// A fixed limit: `Bulkhead("pages", limit: 20)`.
  public init(integerLiteral value: Int) {
    self = .fixed(value)
  }

  /// The most that is ever let in, and so the heaviest weight that is accepted.
  var capacity: Int {
    switch self {
    case .fixed(let limit): limit
    case .adaptive(let policy): policy.maximum
    }
  }

  /// Whether a call of this weight is ever let in.
  func allows(_ weight: Int) -> Bool { (0...capacity).contains(weight) }

  /// Why a fixed limit is none.
  var fault: InvalidSetting? {
    if case .fixed(let limit) = self { .outside(1...1_000_000_000, "limit", limit) } else { nil }
  }
}

extension BulkheadLimit: CustomStringConvertible {
  /// Such as `20 at once`, or `learned, 1…200 at once`.
  public var description: String {
    switch self {
    case .fixed(let limit): "\(limit) at once"
    case .adaptive(let policy): "learned, \(policy.minimum)…\(policy.maximum) at once"
    }
  }
}

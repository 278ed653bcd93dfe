import Resilience

/// A process of the shop as it was seen last.
struct ProcessStatus: Sendable {
  struct Target: Hashable, Sendable {
    /// Such as `orders-1`.
    var name: String
    var service: String
    /// Host and port.
    var address: String
  }

  enum State: Equatable, Sendable {
    case ready
    /// It answers, and says with this status that it is not ready.
    case notReady(UInt)
    case silent
  }

  var target: Target
  var state: State
  /// The page of its metrics; empty for one that is silent.
  var page: MetricsText
  /// Since it was started.
  var totals: AnswerTotals
  /// In the last minute, or since it was seen first.
  var recent: AnswerTotals
  /// How long that is; 0 when it was seen once.
  var recentSeconds: Double
  /// Answers between two looks at it, the oldest first.
  var history: [Double]
  /// How long it has run; `nil` where it does not say.
  var uptimeSeconds: Double?

  var isReady: Bool { state == .ready }

  /// Answers in a second; `nil` when it was seen once.
  var rate: Double? { recentSeconds > 0 ? recent.answers / recentSeconds : nil }
}

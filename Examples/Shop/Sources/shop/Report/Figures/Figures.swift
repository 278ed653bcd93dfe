/// What one run of the day came to. The JSON file holds two of these; README.md describes every field.
struct Figures: Codable, Equatable {
  var orders: Orders
  var availability: Availability
  var averageResponseMilliseconds: Double
  var systemLatencySeconds: Double
  var medianLatencySeconds: Double
  var systemThroughputPerSecond: Double
  var serviceThroughputPerHour: [String: Double]
  var eventsByType: [String: Int]
  var cartsLeftBehind: Int
  var satisfaction: Double
  var retriesSpent: Int
  var retriesByCall: [String: Int]
  var breakerOpenSeconds: Double
  var openSecondsByBreaker: [String: Double]
  var requestsLimited: Int
  var expiredRequestsRefused: Int
  var duplicatesDropped: Int
  var redeliveries: Int
  var redeliveriesByService: [String: Int]
  var deadLetters: [String: Int]
  var moneyInPounds: Double
  var shippedPounds: Double
  var brokenInvariants: [String]

  struct Orders: Codable, Equatable {
    var valid: Int
    var completed: Int
    var failed: Int
    var cancelled: Int
    var declined: Int
    var deadLettered: Int
    var contradictory: Int
    var lost: Int
    var chargedTwice: Int
    var shippedTwice: Int
    var chargedNotShipped: Int

    var completedShare: Double { valid == 0 ? 1 : Double(completed) / Double(valid) }
  }

  struct Availability: Codable, Equatable {
    /// Mean time between failures: time up, for each time it went down.
    var mtbfSeconds: Double
    /// Mean time to repair: time down, for each time it went down.
    var mttrSeconds: Double
    /// MTBF / (MTBF + MTTR).
    var availability: Double
    var failures: Int
  }
}

/// The whole result: what the input was, and both runs of it.
struct DayResult: Codable, Equatable {
  var seed: UInt64
  var invoices: Int
  var lines: Lines
  var bare: Figures
  var toolkit: Figures
  var shippedInBoth: ShippedInBoth

  /// The orders that both runs shipped: of these, the times from placing to shipping compare like with like.
  struct ShippedInBoth: Codable, Equatable {
    var orders: Int
    var bareLatencySeconds: Double
    var toolkitLatencySeconds: Double
  }

  struct Lines: Codable, Equatable {
    var total: Int
    var accepted: Int
    var cancelled: Int
    var refused: Int
    var refusedByReason: [String: Int]
  }
}

/// What one run of the day looks like at one moment.
struct DaySample: Sendable, Equatable {
  /// Seconds since the doors opened.
  var second: Int
  /// Orders that were shipped so far.
  var shipped: Int
  /// Customers' requests that were answered so far.
  var answered: Int
  /// Customers' requests that failed so far.
  var failed: Int
  /// The slowest but one in a hundred of the customers' requests since the sample before; `nil` without any.
  var slowMilliseconds: Double?
  /// Events that are not settled: queued, in a handler's hands, or waiting for their redelivery.
  var queued: Int
  /// Retries within calls so far.
  var retries: Int
  /// Retries that the budgets would grant at once.
  var budget: Int
  /// Retries that the budgets have refused so far.
  var refusedRetries: Int
  /// Redeliveries of events so far.
  var redeliveries: Int
  /// Requests that the rate limit has refused so far.
  var limited: Int
  /// What each breaker does, by its name; empty in the bare run.
  var breakers: [BreakerState]

  struct BreakerState: Sendable, Equatable {
    var name: String
    var state: BreakerPhase
  }
}

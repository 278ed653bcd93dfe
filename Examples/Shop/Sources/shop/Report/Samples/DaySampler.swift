import Resilience

/// Looks at a run once a minute of its day.
struct DaySampler {
  static let intervalSeconds = 60

  private let platform: Platform
  private let meter: CustomerMeter
  private var seenRequests = 0

  init(_ platform: Platform, _ meter: CustomerMeter) {
    self.platform = platform
    self.meter = meter
  }

  /// Looks until the task is cancelled, and gives each sample to `record`.
  mutating func run(_ record: (DaySample) -> Void) async throws {
    var second = 0
    while true {
      try await platform.day.wait(until: second)
      record(sample(at: second))
      second += Self.intervalSeconds
    }
  }

  mutating func sample(at second: Int) -> DaySample {
    let recent = meter.requests(from: seenRequests)
    seenRequests += recent.count
    let (answered, failed) = meter.counts
    let bus = platform.bus.snapshot()
    let budgets = platform.allBudgets.map { $0.snapshot() }
    return DaySample(
      second: second, shipped: platform.book.shippedCount, answered: answered, failed: failed,
      slowMilliseconds: Percentile.of(recent.map(\.milliseconds), percent: 99),
      queued: bus.outstanding, retries: platform.counters.events["retry.scheduled"],
      budget: budgets.reduce(0) { $0 + $1.available },
      refusedRetries: budgets.reduce(0) { $0 + Int($1.refused) },
      redeliveries: bus.groups.reduce(0) { $0 + $1.redeliveries },
      limited: platform.counters.events["rate_limiter.refused"],
      breakers: platform.isProtected
        ? platform.allBreakers.map {
          DaySample.BreakerState(name: $0.name, state: BreakerPhase($0.snapshot().state))
        }
        : [])
  }
}

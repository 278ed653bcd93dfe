import ResilienceCore
import ResilienceRateLimiter
import Testing

/// The limit as the book has it, in exact fractions: everything that was taken and not given back is played again for each
/// question. A nanosecond yields `limit.permits`, a permit takes the period's nanoseconds.
private struct Model {
  struct Taking {
    let id: Int
    let permits: Int
    var instant: Int64
    var isReserved: Bool
  }

  let limit: RateLimit
  private var full: Int128 = .min / 4
  private(set) var takings: [Taking] = []
  private var latest = Int64.min

  private let rate: Int128
  private let period: Int128
  private let capacity: Int128

  init(_ limit: RateLimit) {
    self.limit = limit
    rate = Int128(limit.permits)
    period = limit.period.attoseconds / 1_000_000_000
    capacity = Int128(limit.burst) * period
  }

  private func after(_ full: Int128, _ permits: Int, at instant: Int64) -> Int128 {
    let instant = Int128(instant) * rate
    return (full > instant ? full : instant) + Int128(permits) * period
  }

  private var fullAt: Int128 {
    var fullAt = full
    for taking in takings { fullAt = after(fullAt, taking.permits, at: taking.instant) }
    return fullAt
  }

  private func earliest(_ permits: Int, after full: Int128, at now: Int64) -> Int64 {
    let excess = after(full, permits, at: now) - capacity - Int128(now) * rate
    return excess <= 0 ? now : now + Int64((excess + rate - 1) / rate)
  }

  func earliest(_ permits: Int, at now: Int64) -> Int64 { earliest(permits, after: fullAt, at: now) }

  /// - Returns: When they can be taken; `now` when they were.
  mutating func take(_ permits: Int, at now: Int64) -> Int64 {
    let instant = earliest(permits, at: now)
    guard instant == now else { return instant }
    latest = max(latest, now)
    if takings.isEmpty {
      full = after(full, permits, at: now)
    } else {
      takings.append(Taking(id: 0, permits: permits, instant: now, isReserved: false))
    }
    return now
  }

  mutating func reserve(_ permits: Int, id: Int, at now: Int64) -> Int64 {
    let instant = earliest(permits, at: now)
    latest = takings.isEmpty ? now : max(latest, now)
    takings.append(Taking(id: id, permits: permits, instant: instant, isReserved: true))
    return instant
  }

  mutating func settle(_ id: Int) {
    for index in takings.indices where takings[index].id == id { takings[index].isReserved = false }
    forgetWhatIsFinal()
  }

  /// As if it had never been, except that time has passed: what is still to come moves up, to the present at most.
  mutating func cancel(_ id: Int, at now: Int64) {
    latest = max(latest, now)
    guard let cancelled = takings.firstIndex(where: { $0.id == id }) else { return }
    takings.remove(at: cancelled)
    var before = full
    for index in takings.indices {
      let taking = takings[index]
      if index >= cancelled, taking.isReserved, taking.instant > latest {
        takings[index].instant = earliest(taking.permits, after: before, at: latest)
      }
      before = after(before, taking.permits, at: takings[index].instant)
    }
    forgetWhatIsFinal()
  }

  func due(_ id: Int) -> Int64? { takings.first { $0.id == id }?.instant }

  private mutating func forgetWhatIsFinal() {
    while let first = takings.first, !first.isReserved {
      full = after(full, first.permits, at: first.instant)
      takings.removeFirst()
    }
  }
}

@Suite struct TokenBucketModelTests {
  /// In rates, bursts and weights of all sizes, with timestamps that go back.
  private static func limit(_ random: SeededRandomSource) -> RateLimit {
    let permits = [1, 3, 7, 100, 999_983, 300_000_000, 999_999_937, 1_000_000_000][random.next(below: 8)]
    let period = [Duration.nanoseconds(21), .seconds(1), .seconds(60), .seconds(86400)][random.next(below: 4)]
    return RateLimit(permits, per: period, burst: [1, 2, 10, 1000][random.next(below: 4)])
  }

  /// A million steps; prints the seed of the first that fails.
  @Test(arguments: 1...20)
  func agreesWithTheModelOnRandomSchedules(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    for _ in 0..<28 {
      let limit = Self.limit(random)
      let bucket = TokenBucket("random", limit: limit, maxWaiting: .max)
      if let failure = play(2000, random, bucket, Model(limit)) {
        Issue.record("seed \(seed), \(limit): \(failure)")
        return
      }
    }
  }

  private func play(_ steps: Int, _ random: SeededRandomSource, _ bucket: TokenBucket, _ start: Model)
    -> String?
  {
    var model = start
    let limit = model.limit
    var reservations: [(id: Int, reservation: Reservation)] = []
    var latest: Int64 = 1_000_000_000_000
    let interval = max(1, Int(limit.period / .nanoseconds(1)) / limit.permits)
    for step in 1...steps {
      latest += Int64(random.next(below: 2 * interval + 2))
      // Now and then a long time without anything.
      if random.next(below: 500) == 0 { latest += Int64(limit.burst) * Int64(interval) + 5_000_000_000 }
      let isStale = random.next(below: 4) == 0
      let now = isStale ? latest - Int64(random.next(below: min(interval * 5, 100_000_000) + 2)) : latest
      let permits = 1 + random.next(below: min(limit.burst, 5))
      switch random.next(below: 16) {
      case 0 where reservations.count < 5:
        guard let reservation = try? bucket.reserve(permits, at: .ns(now)) else {
          return "no reservation in step \(step)"
        }
        let due = model.reserve(permits, id: step, at: now)
        reservations.append((step, reservation))
        guard reservation.due == .ns(due) else {
          return "due \(reservation.due as Any), not \(due), in step \(step)"
        }
      case 1, 2:
        guard !reservations.isEmpty else { continue }
        let (id, reservation) = reservations.remove(at: random.next(below: reservations.count))
        if random.next(below: 3) == 0 {
          model.settle(id)
        } else {
          model.cancel(id, at: now)
          guard reservation.cancel(at: .ns(now)) else { return "not cancelled in step \(step)" }
        }
        for (id, reservation) in reservations where reservation.due != model.due(id).map({ .ns($0) }) {
          return "due \(reservation.due as Any), not \(model.due(id) as Any), in step \(step)"
        }
      default:
        let decision = bucket.tryAcquire(permits, at: .ns(now))
        let instant = model.take(permits, at: now)
        let expected = instant == now ? .acquired : RateLimitDecision.refused(retryAt: .ns(instant))
        guard decision == expected else { return "\(decision), not \(expected), in step \(step) at \(now)" }
      }
    }
    return nil
  }

  /// In every interval between two admissions, in whatever order they were made: at most the burst, and what the rate yields
  /// in it.
  @Test(arguments: 1...5, [false, true])
  func row33_noIntervalSeesMoreThanTheBurstAndTheRate(seed: UInt64, isInOrder: Bool) {
    let random = SeededRandomSource(seed: seed)
    let limit = Self.limit(random)
    let bucket = TokenBucket("random", limit: limit)
    let period = Int128(limit.period / .nanoseconds(1))
    let interval = max(1, Int(period) / limit.permits)
    var latest: Int64 = 0
    var admissions: [(at: Int64, permits: Int)] = []
    for _ in 0..<20_000 {
      latest += Int64(random.next(below: interval + 2))
      let isStale = !isInOrder && random.next(below: 3) == 0
      let now = isStale ? latest - Int64(random.next(below: 20 * interval)) : latest
      let permits = 1 + random.next(below: min(limit.burst, 5))
      if bucket.tryAcquire(permits, at: .ns(now)) == .acquired { admissions.append((now, permits)) }
    }
    // Permits so far, less what the rate has yielded so far: it may rise by a burst above any value it had before.
    var surplus: Int128 = 0
    var least = Int128.max
    for (before, admission) in admissions.sorted(by: { $0.at < $1.at }).enumerated() {
      let yielded = Int128(admission.at) * Int128(limit.permits)
      least = min(least, surplus - yielded)
      surplus += Int128(admission.permits) * period
      if surplus - yielded > least + Int128(limit.burst) * period {
        Issue.record("seed \(seed): too many permits of \(limit) until \(admission.at), after \(before)")
        return
      }
    }
    #expect(admissions.count > 1000)
  }

  @Test(arguments: 1...20)
  func row33_timestampsOutOfOrderNeverYieldMoreThanTheRate(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let bucket = TokenBucket("tikv", limit: .perSecond(100, burst: 10))
    var admitted = 0
    for _ in 0..<10_000 {
      // Anywhere in ten seconds, in any order.
      let now = Instant.ns(Int64(random.next(below: 10_000_000_000)))
      if bucket.tryAcquire(at: now) == .acquired { admitted += 1 }
    }
    #expect(admitted <= 10 + 100 * 10)
  }
}

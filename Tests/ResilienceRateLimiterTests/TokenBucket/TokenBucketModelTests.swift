import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestSupport
import Testing

/// The limit as the book has it, in exact fractions: everything that was taken and not cancelled is played
/// again for each question. A nanosecond yields `limit.permits`, a permit takes the period's nanoseconds;
/// instants are counted in the same fractions.
private struct Model {
  /// Of a refund the cost is negative, and it happens at no instant: it is worth what was missing then.
  struct Taking {
    let id: Int
    let cost: Int128
    var instant: Int128?
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

  private func after(_ full: Int128, _ cost: Int128, at instant: Int128?) -> Int128 {
    guard let instant else { return full + cost }
    return (full > instant ? full : instant) + cost
  }

  private func fullAt(before index: Int) -> Int128 {
    takings.prefix(index).reduce(full) { after($0, $1.cost, at: $1.instant) }
  }

  private func earliest(_ cost: Int128, after full: Int128, at now: Int64) -> Int128 {
    let instant = Int128(now) * rate
    return instant + max(0, after(full, cost, at: instant) - capacity - instant)
  }

  /// In whole nanoseconds, none too early.
  private func nanoseconds(_ instant: Int128) -> Int64 {
    let (whole, rest) = instant.quotientAndRemainder(dividingBy: rate)
    return Int64(rest > 0 ? whole + 1 : whole)
  }

  private func cost(_ permits: Int) -> Int128 { Int128(permits) * period }

  func earliest(_ permits: Int, at now: Int64) -> Int64 {
    nanoseconds(earliest(cost(permits), after: fullAt(before: takings.count), at: now))
  }

  /// - Returns: When they can be taken; `now` when they were.
  mutating func take(_ permits: Int, at now: Int64) -> Int64 {
    let instant = earliest(permits, at: now)
    guard instant == now else { return instant }
    latest = max(latest, now)
    takings.append(Taking(id: 0, cost: cost(permits), instant: Int128(now) * rate, isReserved: false))
    forgetWhatIsFinal()
    return now
  }

  mutating func reserve(_ permits: Int, id: Int, at now: Int64) -> Int64 {
    let instant = earliest(cost(permits), after: fullAt(before: takings.count), at: now)
    latest = takings.isEmpty ? now : max(latest, now)
    takings.append(Taking(id: id, cost: cost(permits), instant: instant, isReserved: true))
    return nanoseconds(instant)
  }

  /// At the present, and so before what is still to come; never more than is missing.
  mutating func refund(_ permits: Int, at now: Int64) {
    latest = takings.isEmpty ? now : max(latest, now)
    let index = takings.firstIndex { $0.isReserved && isToCome($0) } ?? takings.count
    let missing = max(0, fullAt(before: index) - Int128(latest) * rate)
    takings.insert(
      Taking(id: 0, cost: -min(cost(permits), missing), instant: nil, isReserved: false), at: index)
    moveUp(from: index)
    forgetWhatIsFinal()
  }

  private func isToCome(_ taking: Taking) -> Bool {
    taking.instant.map { $0 > Int128(latest) * rate } ?? false
  }

  private mutating func moveUp(from first: Int) {
    for index in takings.indices.dropFirst(first) where takings[index].isReserved && isToCome(takings[index])
    {
      takings[index].instant = earliest(takings[index].cost, after: fullAt(before: index), at: latest)
    }
  }

  mutating func settle(_ id: Int) {
    for index in takings.indices where takings[index].id == id { takings[index].isReserved = false }
    forgetWhatIsFinal()
  }

  /// As if it had never been, except that time has passed: what is still to come moves up, to the present at
  /// most. One whose time has passed is used.
  mutating func cancel(_ id: Int, at now: Int64) -> Bool {
    latest = max(latest, now)
    guard let due = due(id), due >= latest else { return false }
    guard let cancelled = takings.firstIndex(where: { $0.id == id }) else { return false }
    takings.remove(at: cancelled)
    moveUp(from: cancelled)
    forgetWhatIsFinal()
    return true
  }

  func due(_ id: Int) -> Int64? { takings.first { $0.id == id }?.instant.map { nanoseconds($0) } }

  private mutating func forgetWhatIsFinal() {
    while let first = takings.first, !first.isReserved {
      full = after(full, first.cost, at: first.instant)
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
    // What was given out and not given back: nobody can give back more.
    var unused = 0
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
          unused += reservation.permits
        } else {
          let isCancelled = model.cancel(id, at: now)
          guard reservation.cancel(at: .ns(now)) == isCancelled else {
            return "cancelled or not, in step \(step)"
          }
          if !isCancelled {
            model.settle(id)
            unused += reservation.permits
          }
        }
      case 3, 4:
        let refunded = min(unused, permits)
        bucket.refund(permits, at: .ns(now))
        if refunded > 0 { model.refund(refunded, at: now) }
        unused -= refunded
      default:
        let decision = bucket.tryAcquire(permits, at: .ns(now))
        let instant = model.take(permits, at: now)
        let expected = instant == now ? .acquired : RateLimitDecision.refused(retryAt: .ns(instant))
        guard decision == expected else { return "\(decision), not \(expected), in step \(step) at \(now)" }
        if decision == .acquired { unused += permits }
      }
      for (id, reservation) in reservations where reservation.due != model.due(id).map({ .ns($0) }) {
        return "due \(reservation.due as Any), not \(model.due(id) as Any), in step \(step)"
      }
    }
    return nil
  }

  /// In every interval between two admissions, in whatever order they were made: at most the burst, and what
  /// the rate yields in it.
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
    // Permits so far, less what the rate has yielded so far: it may rise by a burst above any value it had
    // before.
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

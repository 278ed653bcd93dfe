import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

/// Against ``ReplayingBucket``: every answer, in every step.
@Suite struct ReservingBucketTests {
  private static let limits = [
    RateLimit.perSecond(10, burst: 3), .perSecond(10, burst: 40), .perSecond(3, burst: 1),
    .perSecond(999_999_937, burst: 7), RateLimit(1_000_000_000, per: .nanoseconds(7), burst: 20),
    RateLimit(1_000_000_000, per: .nanoseconds(1), burst: 1000), .perMinute(7, burst: 100),
    .perSecond(0, burst: 30), .perSecond(0), .unlimited,
  ]

  private struct Pair {
    var bucket: ReservingBucket
    var reference: ReplayingBucket
    var limit: RateLimit
    var ids: [UInt64] = []
    var latest: Int64 = 1_000_000_000_000

    init(_ limit: RateLimit) {
      bucket = ReservingBucket(GenericCellRate(limit))
      reference = ReplayingBucket(GenericCellRate(limit))
      self.limit = limit
    }

    /// The nanoseconds in which a permit comes back.
    var interval: Int {
      limit.permits == 0 || limit.isUnlimited
        ? 1_000_000_000 : max(1, Int(limit.period / .nanoseconds(1)) / limit.permits)
    }
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func answersWhatAReplayOfEverythingAnswers(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    for _ in 0..<4 {
      var pair = Pair(Self.limits[random.next(below: Self.limits.count)])
      // How many are held at most, how often another rate comes, and how fast time passes.
      let (most, changes, pace) = (
        [3, 3, 20, 20, 20, 150][random.next(below: 6)], [0, 100][random.next(below: 2)],
        [0, 1, 4][random.next(below: 3)]
      )
      for step in 1...1000 {
        if let failure = play(random, &pair, most: most, changes: changes, pace: pace) {
          Issue.record("seed \(seed), \(pair.limit), step \(step): \(failure)")
          return
        }
      }
    }
  }

  private func play(
    _ random: SeededRandomSource, _ pair: inout Pair, most: Int, changes: Int, pace: Int
  ) -> String? {
    if random.next(below: 3) == 0 { pair.latest += Int64(random.next(below: pair.interval * pace + 2)) }
    if random.next(below: 300) == 0 { pair.latest += Int64(pair.interval) * 50 }
    let isStale = random.next(below: 4) == 0
    let now = Instant.ns(pair.latest - (isStale ? Int64(random.next(below: pair.interval * 3 + 2)) : 0))
    let permits = 1 + random.next(below: min(max(1, pair.limit.burst), 5))
    let answers: (any Equatable, any Equatable)
    switch random.next(below: 12) {
    case 0...3 where pair.ids.count < most:
      let (id, expected) = (pair.bucket.reserve(permits, at: now), pair.reference.reserve(permits, at: now))
      if let id { pair.ids.append(id) }
      answers = (id, expected)
    case 4...6:
      guard !pair.ids.isEmpty else { return nil }
      // From the front, the back, or anywhere; those whose time is near, too.
      let index = [0, pair.ids.count - 1, random.next(below: pair.ids.count)][random.next(below: 3)]
      let id = pair.ids[index]
      if random.next(below: 3) == 0 {
        answers = (pair.bucket.settle(id), pair.reference.settle(id))
        pair.ids.remove(at: index)
      } else {
        let due = pair.reference.due(of: id)
        let now = random.next(below: 3) == 0 ? due.flatMap { $0 < .ns(.max) ? $0 : nil } ?? now : now
        if now.nanoseconds < pair.latest + 20_000_000_000 { pair.latest = max(pair.latest, now.nanoseconds) }
        let isCancelled = pair.bucket.cancel(id, at: now)
        answers = (isCancelled, pair.reference.cancel(id, at: now))
        if isCancelled { pair.ids.remove(at: index) }
      }
    case 7:
      pair.bucket.refund(permits, at: now)
      pair.reference.refund(permits, at: now)
      answers = (0, 0)
    case 8 where changes > 0 && random.next(below: changes) == 0:
      pair.limit = Self.limits[random.next(below: Self.limits.count)]
      pair.bucket.update(GenericCellRate(pair.limit), at: now)
      pair.reference.update(GenericCellRate(pair.limit), at: now)
      answers = (0, 0)
    case 9 where random.next(below: 20) == 0:
      answers = (pair.bucket.drain(at: now), pair.reference.drain(at: now))
    default:
      answers = (pair.bucket.take(permits, at: now), pair.reference.take(permits, at: now))
    }
    if "\(answers.0)" != "\(answers.1)" { return "\(answers.0), not \(answers.1)" }
    return difference(pair, random, at: now)
  }

  private func difference(_ pair: Pair, _ random: SeededRandomSource, at now: Instant) -> String? {
    let (bucket, reference) = (pair.bucket, pair.reference)
    // A bucket that is full for long is no different from one that is full for longer.
    let (fullAt, expected) = (max(bucket.fullAt, .min / 8), max(reference.fullAt, .min / 8))
    if fullAt != expected { return "full at \(fullAt), not \(expected)" }
    for instant in [now, .ns(pair.latest)] {
      let (pending, expected) = (bucket.pendingPermits(at: instant), reference.pendingPermits(at: instant))
      if pending != expected { return "\(pending) pending, not \(expected)" }
    }
    if bucket.hasReservations != reference.hasReservations { return "\(bucket.hasReservations)" }
    // All of a few; of many the ends and some in between.
    let some =
      pair.ids.count > 20 ? (0..<5).map { _ in pair.ids[random.next(below: pair.ids.count)] } : pair.ids
    for id in some + [pair.ids.first, pair.ids.last].compactMap(\.self)
    where bucket.due(of: id) != reference.due(of: id) {
      return "\(id) due at \(bucket.due(of: id) as Any), not \(reference.due(of: id) as Any)"
    }
    return nil
  }
}

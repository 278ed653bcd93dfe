import Resilience

/// What a bucket does beside giving out permits.
func reservationRows() -> [Row] {
  [
    .sync("limiter: reserve and cancel, now given") {
      let bucket = makeFullBucket()
      let now = SystemClock.read()
      return { count in
        var cancelled = 0
        for _ in 0..<count where (try? bucket.reserve(at: now))?.cancel(at: now) == true { cancelled &+= 1 }
        return cancelled
      }
    },
    .sync("limiter: permit, while a reservation is held, now given") {
      let bucket = makeFullBucket()
      let now = SystemClock.read()
      let held = try? bucket.reserve(at: now)
      return { count in
        withExtendedLifetime(held) {
          var acquired = 0
          for _ in 0..<count where bucket.tryAcquire(at: now) == .acquired { acquired &+= 1 }
          return acquired
        }
      }
    },
    .sync("limiter: update, now given") {
      let bucket = makeFullBucket()
      let now = SystemClock.read()
      return { count in
        for turn in 0..<count { bucket.update(.perSecond(1 + turn % 2, burst: 2), at: now) }
        return count
      }
    },
  ]
}

import Resilience

/// Limiters by key, quotas and throttles.
func keyedRows() -> [Row] {
  [
    .sync("keyed: 1 000 000 string keys, random, now given") { keyedLoop(keys: 1_000_000, readsClock: false) }
      .floor("floor: dictionary of 100 000 strings").ungated(),
    .sync("keyed: 100 000 numbers, random, now given") {
      let limiter = KeyedRateLimiter<Int>(
        "benchmark", limit: .perSecond(1, burst: 1_000_000), maxKeys: 200_000)
      let now = SystemClock.read()
      for key in 0..<100_000 { _ = limiter.tryAcquire(key: key, at: now) }
      return { count in
        var (acquired, random) = (0, SplitMix(seed: 1))
        for _ in 0..<count where limiter.tryAcquire(key: random.next(below: 100_000), at: now) == .acquired {
          acquired &+= 1
        }
        return acquired
      }
    }
    .floor("floor: lock pair").ungated(),
    .sync("keyed: header fields of a key, now given") {
      let limiter = KeyedRateLimiter<Int>("benchmark", limit: .perSecond(100))
      let now = SystemClock.read()
      _ = limiter.tryAcquire(key: 1, at: now)
      return { count in
        var bytes = 0
        for _ in 0..<count {
          let fields = limiter.fields(of: 1, at: now)
          bytes &+= fields.rateLimit.utf8.count &+ fields.policy.utf8.count
        }
        return bytes
      }
    },
    .sync("keyed: refusal of a known key, now given") {
      let limiter = KeyedRateLimiter<Int>("benchmark", limit: .perHour(1, burst: 1))
      let now = SystemClock.read()
      return { count in
        var refused = 0
        for _ in 0..<count where limiter.tryAcquire(key: 1, at: now) != .acquired { refused &+= 1 }
        return refused
      }
    }
    .floor("floor: lock pair"),
    .sync("keyed: refusal of a new key in a flood, now given") {
      let limiter = KeyedRateLimiter<Int>("benchmark", limit: .perHour(1, burst: 1), maxKeys: 100_000)
      let now = SystemClock.read()
      for key in 0..<100_000 { _ = limiter.tryAcquire(key: key, at: now) }
      return { count in
        var refused = 0
        for key in 0..<count where limiter.tryAcquire(key: ~key, at: now) != .acquired { refused &+= 1 }
        return refused
      }
    }
    .floor("floor: lock pair").ungated(),
    .sync("keyed: permit of a key with a limit of its own, now given") {
      let limiter = KeyedRateLimiter<Int>("benchmark", limit: .perHour(1, burst: 1))
      let now = SystemClock.read()
      do { try limiter.setLimit(.perSecond(1, burst: 1_000_000_000), forKey: 1, at: now) } catch {
        fatalError("\(error)")
      }
      return { count in
        var acquired = 0
        for _ in 0..<count where limiter.tryAcquire(key: 1, at: now) == .acquired { acquired &+= 1 }
        return acquired
      }
    }
    .floor("floor: lock pair"),
    .sync("quota: permit of two quotas, now given") {
      let limiter = QuotaLimiter(
        "benchmark", quotas: [.perSecond(1_000_000_000), .perMinute(1_000_000_000)])
      let start = SystemClock.read()
      return { count in
        var acquired = 0
        for step in 0..<count {
          let now = start.advanced(byNanoseconds: Int64(step) * 1000)
          if limiter.tryAcquire(at: now) == .acquired { acquired &+= 1 }
        }
        return acquired
      }
    }
    .floor("floor: lock pair"),
    .sync("quota: permit of a key's two quotas, now given") {
      let limiter = KeyedQuotaLimiter<Int>(
        "benchmark", quotas: [.perSecond(1_000_000_000), .perMinute(1_000_000_000)])
      let start = SystemClock.read()
      return { count in
        var acquired = 0
        for step in 0..<count {
          let now = start.advanced(byNanoseconds: Int64(step) * 1000)
          if limiter.tryAcquire(key: step & 63, at: now) == .acquired { acquired &+= 1 }
        }
        return acquired
      }
    }
    .floor("floor: lock pair"),
    .sync("quota: permit of a day's quota, now given") {
      let limiter = QuotaLimiter("benchmark", quotas: [Quota(1_000_000_000, each: .day)])
      let (now, time) = (SystemClock.read(), SystemClock().unixTime)
      return { count in
        var acquired = 0
        for _ in 0..<count where limiter.tryAcquire(at: now, unixTime: time) == .acquired { acquired &+= 1 }
        return acquired
      }
    }
    .floor("floor: lock pair"),
    .sync("throttle: admit and record, now given") {
      let throttle = AdaptiveThrottle("benchmark")
      let now = SystemClock.read()
      return { count in
        var admitted = 0
        for _ in 0..<count {
          guard case .admitted(let permit) = throttle.admit(at: now, draw: 0) else { continue }
          throttle.record(.success, of: permit)
          admitted &+= 1
        }
        return admitted
      }
    }
    .floor("floor: lock pair"),
    .call("throttle: call") { makeCall().throttle(AdaptiveThrottle("benchmark")) }.floor("call"),
    .call("throttle: call, by key") {
      makeCall().throttle(AdaptiveThrottles<Int>("benchmark"), by: { $0 & 63 })
    }
    .floor("call"),
  ]
}

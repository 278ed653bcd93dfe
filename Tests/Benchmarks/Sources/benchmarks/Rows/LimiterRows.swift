import Resilience

/// A bucket that is empty, and stays so for an hour.
private func makeEmptyBucket(at now: Instant) -> TokenBucket {
  let bucket = TokenBucket("benchmark", limit: RateLimit(1, per: .seconds(3600), burst: 1))
  _ = bucket.tryAcquire(at: now)
  return bucket
}

@inline(__always)
func acquire(_ bucket: TokenBucket, _ count: Int, at now: Instant) -> Int {
  var acquired = 0
  for _ in 0..<count where bucket.tryAcquire(at: now) == .acquired { acquired &+= 1 }
  // Past its burst it would measure refusals.
  precondition(acquired == count, "\(acquired) of \(count) permits")
  return acquired
}

/// A keyed limiter that knows so many customers, and asks for them at random.
func keyedLoop(keys count: Int, readsClock: Bool) -> @Sendable (Int) -> Int {
  keyedLoop(keys: (0..<count).map { "customer-\($0)" }, readsClock: readsClock)
}

/// Its keys are so many bytes long; up to 15 bytes need no memory of their own.
func keyLengthRow(_ bytes: Int) -> Row {
  .sync("limiter: 1 000 keys of \(bytes) bytes, random, now given") {
    keyedLoop(
      keys: (100_000..<101_000).map { String(repeating: "k", count: bytes - 6) + "\($0)" }, readsClock: false)
  }
}

func keyedLoop(keys: [String], readsClock: Bool) -> @Sendable (Int) -> Int {
  let limiter = KeyedRateLimiter<String>(
    "benchmark", limit: .perSecond(1, burst: 1_000_000), maxKeys: 2 * keys.count)
  let now = SystemClock.read()
  for key in keys { _ = limiter.tryAcquire(key: key, at: now) }
  return { count in
    var (acquired, random) = (0, SplitMix(seed: 1))
    for _ in 0..<count {
      let key = keys[random.next(below: keys.count)]
      let now = readsClock ? SystemClock.read() : now
      if limiter.tryAcquire(key: key, at: now) == .acquired { acquired &+= 1 }
    }
    precondition(acquired == count, "\(acquired) of \(count) permits")
    return acquired
  }
}

func limiterRows() -> [Row] {
  [
    .sync("limiter: permit, now given") {
      let bucket = makeFullBucket()
      let now = SystemClock.read()
      return { count in acquire(bucket, count, at: now) }
    }
    .floor("floor: atomic add")
    .target("limiter acquire, now given", instructions: 25, allocations: 0)
    .because("three of them are the row's own loop"),
    .sync("limiter: permit, with clock") {
      let bucket = makeFullBucket()
      return { count in
        var acquired = 0
        for _ in 0..<count where bucket.tryAcquire(at: SystemClock.read()) == .acquired { acquired &+= 1 }
        precondition(acquired == count, "\(acquired) of \(count) permits")
        return acquired
      }
    }
    .floor("floor: clock read")
    .target("limiter acquire, with clock", instructions: 105, allocations: 0)
    .beat("limiter permit, clock included", "failsafe-go 37 ns, governor 44; resilience4j 36 / 40 B"),
    .sync("limiter: permit, with the ambient clock") {
      let bucket = makeFullBucket()
      return { count in
        var acquired = 0
        for _ in 0..<count where bucket.tryAcquire() == .acquired { acquired &+= 1 }
        precondition(acquired == count, "\(acquired) of \(count) permits")
        return acquired
      }
    }
    .floor("floor: clock read"),
    .sync("limiter: refusal, now given") {
      let now = SystemClock.read()
      let bucket = makeEmptyBucket(at: now)
      return { count in
        var refused = 0
        for _ in 0..<count where bucket.tryAcquire(at: now) != .acquired { refused &+= 1 }
        return refused
      }
    }
    .floor("floor: atomic add")
    .target("limiter/breaker refusal, primitive", instructions: 30, allocations: 0),
    .sync("limiter: refusal, with clock") {
      let bucket = makeEmptyBucket(at: SystemClock.read())
      return { count in
        var refused = 0
        for _ in 0..<count where bucket.tryAcquire(at: SystemClock.read()) != .acquired { refused &+= 1 }
        return refused
      }
    }
    .floor("floor: clock read")
    .beat("limiter refusal", "failsafe-go 38 ns, governor 41; x/time/rate 96; resilience4j 97"),
    .async("limiter: refusal, thrown through three layers") {
      let call = makeCall().rateLimit(makeEmptyBucket(at: SystemClock.read()))
        .circuitBreaker(CircuitBreaker("benchmark")).retry()
      return { count in try await failing(count, call) }
    }
    .floor("floor: throw and catch")
    .target("rejection, thrown through 3 layers", instructions: 390, allocations: 1)
    // As the breaker's rejection.
    .tolerating(0.12)
    .because(
      "each layer classifies the error, and the retry casts it, to know whether and when to come back"),
    .call("limiter: call") { makeCall().rateLimit(makeFullBucket()) }
      .from(.off, .actor, .main)
      .floor("call"),
    .sync("limiter: 100 000 string keys, random, now given") {
      keyedLoop(keys: 100_000, readsClock: false)
    }
    .floor("floor: dictionary of 100 000 strings"),
    .sync("limiter: 100 000 string keys, random, with clock") {
      keyedLoop(keys: 100_000, readsClock: true)
    }
    .floor("floor: dictionary of 100 000 strings")
    .beat(
      "limiter, 100 000 string keys, random",
      "governor + dashmap 178 ns, 52 B/key; x/time/rate + sync.Map 291, 130 B/key"),
  ] + [9, 14, 35, 100].map(keyLengthRow)
}

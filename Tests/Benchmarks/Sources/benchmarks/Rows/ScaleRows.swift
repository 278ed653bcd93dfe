import Resilience

/// How cost grows: with layers, breakers, keys, instances, waiters, timers and events.
func scaleRows() -> [Row] {
  let objects: [(Int) -> Row] = [breakersRow, keysRow, instancesRow, timersRow]
  let queues: [(Int) -> Row] = [waitersRow, eventsRow, subjectsRow]
  return layerRows() + objects.flatMap { [10, 1000, 100_000].map($0) }
    + queues.flatMap { [10, 1000, 10_000].map($0) }
}

private func layerRows() -> [Row] {
  let rows: [Row] = [
    .call("scale: 1 layer, breakers") { layered(makeCall()) },
    .call("scale: 3 layers, breakers") { layered(layered(layered(makeCall()))) },
    .call("scale: 5 layers, breakers") { layered(layered(layered(layered(layered(makeCall()))))) },
    .call("scale: 8 layers, breakers") {
      layered(layered(layered(layered(layered(layered(layered(layered(makeCall()))))))))
    },
  ]
  return rows.map { $0.floor("call") }
}

private func layered<Base: Handler>(_ base: Base) -> CircuitBreakerHandler<Base> {
  base.circuitBreaker(CircuitBreaker("benchmark"))
}

private func breakersRow(_ size: Int) -> Row {
  .sync("scale: \(spaced(size)) breakers, one at random") {
    let breakers = (0..<size).map { _ in CircuitBreaker("benchmark") }
    let now = SystemClock.read()
    return { count in
      var (admitted, random) = (0, SplitMix(seed: 1))
      for _ in 0..<count { admitted &+= admitAndRecord(breakers[random.next(below: size)], 1, at: now) }
      return admitted
    }
  }
  .counted(over: max(1000, size))
  .growing(from: "scale: 10 breakers, one at random", atMost: 1.1)
}

private func keysRow(_ size: Int) -> Row {
  .sync("scale: limiter of \(spaced(size)) keys, one at random") { keyedLoop(keys: size, readsClock: false) }
    .growing(from: "scale: limiter of 10 keys, one at random", atMost: 1.1)
}

private func instancesRow(_ size: Int) -> Row {
  pickRow("scale: balancer over \(spaced(size)) instances", .powerOfTwoChoices, instances: size)
    .growing(from: "scale: balancer over 10 instances", atMost: 1.1)
}

private func timersRow(_ size: Int) -> Row {
  .sync("scale: \(spaced(size)) timers pending, schedule and cancel") { timerLoop(pending: size) }
    .growing(from: "scale: 10 timers pending, schedule and cancel", atMost: 1.1)
}

private func waitersRow(_ size: Int) -> Row {
  .async("scale: limiter, \(spaced(size)) waiting, one more that gives up") {
    let line = WaitingLine(length: size)
    return { count in
      for _ in 0..<count { await line.waitAndGiveUp() }
      return count
    }
  }
  .counted(over: 100)
  .ungated()
  .growing(from: "scale: limiter, 10 waiting, one more that gives up", atMost: 1.5)
}

private func eventsRow(_ size: Int) -> Row {
  busRow("scale: bus, \(spaced(size)) events at a time, one subject", keys: 1, batch: size)
    .growing(from: "scale: bus, 10 events at a time, one subject", atMost: 1.2)
}

private func subjectsRow(_ size: Int) -> Row {
  busRow("scale: bus, \(spaced(size)) events at a time, as many subjects", keys: size, batch: size)
    .growing(from: "scale: bus, 10 events at a time, as many subjects", atMost: 1.3)
}

/// Tasks that wait for permits of a bucket that gives none.
private final class WaitingLine: Sendable {
  private let bucket: TokenBucket
  private let tasks: [Task<Void, any Error>]

  init(length: Int) {
    let bucket = TokenBucket(
      "benchmark", limit: RateLimit(1, per: .seconds(3600), burst: 1), maxWaiting: length + 1)
    _ = bucket.tryAcquire()
    self.bucket = bucket
    // Immediate: it waits by the time that this returns.
    tasks = (0..<length).map { _ in Task.immediate { try await bucket.acquire() } }
  }

  func waitAndGiveUp() async {
    let task = Task.immediate { try await bucket.acquire() }
    task.cancel()
    _ = await task.result
  }

  deinit {
    for task in tasks { task.cancel() }
  }
}

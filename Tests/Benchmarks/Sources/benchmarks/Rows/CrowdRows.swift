import Resilience

/// How the cost of one that goes grows with those that stay: reservations, calls that wait, and dead letters.
func crowdRows() -> [Row] {
  let rows: [(Int) -> Row] = [reservedRow, firstGivesUpRow, prioritiesRow]
  return rows.flatMap { [10, 1000, 100_000].map($0) } + [100, 1000, 10_000].map(redriveRow)
}

private func reservedRow(_ size: Int) -> Row {
  .sync("scale: limiter, \(spaced(size)) reservations, one more and cancelled in the middle") {
    let bucket = TokenBucket("benchmark", limit: .perSecond(10, burst: 10), maxWaiting: .max)
    let now = SystemClock.read()
    _ = bucket.tryAcquire(10, at: now)
    let reservations = Places((0..<size).compactMap { _ in try? bucket.reserve(at: now) })
    return { count in
      reservations.withAll { reservations in
        var cancelled = 0
        for turn in 0..<count {
          // Another one each time, a stretch of a tenth in the middle over and over.
          let index = size / 2 + turn % (size / 10)
          guard let next = try? bucket.reserve(at: now) else { continue }
          if reservations[index].cancel(at: now) { cancelled &+= 1 }
          reservations[index] = next
        }
        return cancelled
      }
    }
  }
  .counted(over: 100)
  .growing(from: "scale: limiter, 10 reservations, one more and cancelled in the middle", atMost: 2.5)
}

private func firstGivesUpRow(_ size: Int) -> Row {
  .async("scale: limiter, \(spaced(size)) waiting, the first gives up") {
    let bucket = TokenBucket(
      "benchmark", limit: RateLimit(1, per: .seconds(3600), burst: 1), maxWaiting: size + 1)
    _ = bucket.tryAcquire()
    let crowd = Crowd(size) { _ in try await bucket.acquire() }
    return { count in
      for _ in 0..<count { await crowd.replaceOldest() }
      return count
    }
  }
  .counted(over: 100)
  .ungated()
  .growing(from: "scale: limiter, 10 waiting, the first gives up", atMost: 1.5)
}

private func prioritiesRow(_ size: Int) -> Row {
  .async("scale: bulkhead, \(spaced(size)) waiting, each with a priority of its own") {
    let bulkhead = Bulkhead("benchmark", limit: .fixed(1), maxWaiting: size + 1)
    let inside = Inside(try await bulkhead.enter())
    // Odd, so that each has another one, far from those before and after.
    let crowd = Crowd(size) { number in
      _ = try await bulkhead.enter(priority: number &* 0x9E37_79B9 & 0xFFFF_FFFF)
    }
    return { count in
      for _ in 0..<count { await crowd.replaceOldest() }
      return withExtendedLifetime(inside) { count }
    }
  }
  .counted(over: 100)
  .ungated()
  .growing(from: "scale: bulkhead, 10 waiting, each with a priority of its own", atMost: 2.5)
}

/// Letters that die again as soon as they are delivered.
private func redriveRow(_ size: Int) -> Row {
  .async("scale: bus, one of \(spaced(size)) dead letters is redriven") {
    let topic = EventType<Int>("benchmark")
    let bus = EventBus(
      source: "benchmark", policy: EventBusPolicy(queueCapacity: size, deadLetterCapacity: size))
    try bus.subscribe(
      to: topic, group: "subscriber", policy: DeliveryPolicy(maxDeliveries: 1, parallelism: 1),
      handler: EventHandler("subscriber") { (_: Event<Int>) in throw Failure() })
    // Beside the loop, and longer than it: ended with the row.
    let task = Task.detached { try await bus.run() }
    for number in 0..<size { try await bus.publish(number, as: topic) }
    try await bus.waitUntilIdle()
    // Fetched when all have been redriven, so that each has its share of that.
    let letters = Places<DeadLetter>([])
    return { count in
      try await withTaskCancellationHandler {
        var left = count
        while left > 0 {
          if letters.withAll(\.isEmpty) { letters.withAll { $0 = bus.deadLetters.letters.reversed() } }
          let batch = letters.withAll { letters in
            let batch = Array(letters.suffix(left).reversed())
            letters.removeLast(batch.count)
            return batch
          }
          for letter in batch {
            guard try bus.redrive(letter) else { preconditionFailure("\(letter) is gone") }
          }
          left -= batch.count
          try await bus.waitUntilIdle()
        }
        precondition(bus.deadLetters.count == size, "there are \(bus.deadLetters.count) letters of \(size)")
        return count
      } onCancel: {
        task.cancel()
      }
    }
  }
  .counted(over: size)
  .tolerating(0.1)
  .growing(from: "scale: bus, one of 100 dead letters is redriven", atMost: 1.3)
}

/// Holds the room that the others wait for.
private final class Inside: Sendable {
  private let permit: BulkheadPermit

  init(_ permit: consuming BulkheadPermit) { self.permit = permit }
}

/// What a row changes as it goes. A row runs in one task.
private final class Places<Place>: @unchecked Sendable {
  private var all: [Place]

  init(_ all: [Place]) { self.all = all }

  func withAll<Result>(_ body: (inout [Place]) -> Result) -> Result { body(&all) }
}

/// Tasks that wait, until they are cancelled.
private final class Crowd: @unchecked Sendable {
  private var tasks: [Task<Void, any Error>]
  private var replaced = 0
  private let wait: @Sendable (Int) async throws -> Void

  init(_ size: Int, _ wait: @escaping @Sendable (_ number: Int) async throws -> Void) {
    self.wait = wait
    // Immediate: they wait by the time that this returns.
    tasks = (0..<size).map { number in Task.immediate { try await wait(number) } }
  }

  /// Lets the one that has waited longest give up, and another one come instead.
  func replaceOldest() async {
    let (wait, number) = (wait, tasks.count + replaced)
    let next = Task.immediate { try await wait(number) }
    let gone = tasks[replaced % tasks.count]
    tasks[replaced % tasks.count] = next
    replaced += 1
    gone.cancel()
    _ = await gone.result
  }

  deinit {
    for task in tasks { task.cancel() }
  }
}

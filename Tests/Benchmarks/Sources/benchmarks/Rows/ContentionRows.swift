import Resilience

/// One object that 1, 2, 4 and 8 threads share. What one operation takes is the time that passes, divided by
/// all that the threads do: a row that does not grow is one whose threads do not hinder each other.
func contentionRows() -> [Row] {
  [1, 2, 4, 8].flatMap { threads -> [Row] in
    let by = threads == 1 ? "1 thread" : "\(threads) threads"
    return [
      .threads(threads, "contention: breaker, permit and record, \(by)") {
        let breaker = CircuitBreaker("benchmark")
        let now = SystemClock.read()
        return { count in admitAndRecord(breaker, count, at: now) }
      }
      .floor("floor: lock pair"),
      .threads(threads, "contention: limiter, permit, \(by)") {
        let bucket = makeFullBucket()
        let now = SystemClock.read()
        return { count in acquire(bucket, count, at: now) }
      }
      .floor("floor: atomic add"),
      .threads(threads, "contention: limiter, 1 000 string keys, \(by)") {
        keyedLoop(keys: 1000, readsClock: false)
      },
      .threads(threads, "contention: limiter, 100 000 string keys, with clock, \(by)") {
        keyedLoop(keys: 100_000, readsClock: true)
      }
      .floor("floor: dictionary of 100 000 strings"),
      .threads(threads, "contention: bulkhead, enter and leave, \(by)") {
        let bulkhead = Bulkhead("benchmark", limit: .fixed(100))
        return { count in enterAndLeave(bulkhead, count) }
      }
      .floor("floor: atomic add"),
      .threads(threads, "contention: balancer, pick and release, P2C, 10 000 instances, \(by)") {
        let balancer = makeRegistry(instances: 10_000).service("benchmark").balancer(.powerOfTwoChoices)
        return { count in pickAndRelease(balancer, count) }
      }
      .floor("floor: lock pair"),
      .threads(threads, "contention: bus, publish, \(by)") {
        let bus = EventBus(source: "benchmark", policy: EventBusPolicy(queueCapacity: 10_000_000))
        _ = try? bus.subscribe(
          to: benchmarkTopic, group: "subscriber", policy: DeliveryPolicy(overflow: .dropOldest),
          handler: EventHandler("subscriber") { (_: Event<Int>) in })
        return { count in
          var published = 0
          for number in 0..<count where (try? bus.publish(number, as: benchmarkTopic)) != nil {
            published &+= 1
          }
          return published
        }
      },
    ]
  }
}

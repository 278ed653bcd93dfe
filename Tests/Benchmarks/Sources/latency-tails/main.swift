// How long the slowest calls take in a loop that never idles: latency-tails [SECONDS]
//
// Every operation is timed on its own, with a clock read before and after it, whose own cost the first line
// shows. What is beyond p99.9 on a machine with other work is that other work: compare the lines of one run.

import Glibc
import Resilience

/// Counts of nanoseconds, exact to an eighth.
struct LatencyHistogram {
  private var counts = [Int](repeating: 0, count: 64 * 8)
  private(set) var total = 0
  private(set) var maximum: Int64 = 0

  mutating func add(_ nanoseconds: Int64) {
    let value = UInt64(max(1, nanoseconds))
    let exponent = 63 - value.leadingZeroBitCount
    let eighth = exponent >= 3 ? Int((value >> UInt64(exponent - 3)) & 7) : 0
    counts[exponent * 8 + eighth] += 1
    total += 1
    maximum = max(maximum, nanoseconds)
  }

  /// The upper end of the step in which the share of all falls.
  func quantile(_ share: Double) -> Int64 {
    var rest = Int((Double(total) * share).rounded(.up))
    for (index, count) in counts.enumerated() {
      rest -= count
      if rest <= 0 {
        return min(maximum, Int64((Double(1 << (index / 8)) * (1 + Double(index % 8 + 1) / 8)).rounded()))
      }
    }
    return maximum
  }
}

let seconds = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 2
let offset = CommandLine.arguments.count

@inline(never)
func opaque<Value>(_ value: Value) -> Value { value }

func call() -> ServiceCall<Int, Int> {
  let offset = offset
  return ServiceCall("benchmark") { (input: Int) in input &+ offset }
}

func spaced(_ number: Int64) -> String {
  let digits = "\(number)"
  return String(repeating: " ", count: max(0, 10 - digits.count)) + digits
}

func show(_ name: String, _ histogram: LatencyHistogram) {
  let quantiles = [0.5, 0.99, 0.999, 0.9999].map { spaced(histogram.quantile($0)) }.joined()
  let padding = String(repeating: " ", count: max(1, 52 - name.count))
  print("\(name)\(padding)\(quantiles)\(spaced(histogram.maximum))\(spaced(Int64(histogram.total)))")
}

func measure(_ name: String, _ operation: (_ number: Int) async throws -> Void) async throws {
  var histogram = LatencyHistogram()
  let end = SystemClock.read().advanced(by: .seconds(seconds))
  var before = SystemClock.read()
  var number = 0
  while before < end {
    try await operation(number)
    let after = SystemClock.read()
    histogram.add(before.nanoseconds(to: after))
    before = after
    number += 1
  }
  show(name, histogram)
}

let columns = ["p50", "p99", "p99.9", "p99.99", "max", "calls"].map {
  String(repeating: " ", count: 10 - $0.count) + $0
}
print("nanoseconds" + String(repeating: " ", count: 41) + columns.joined())
try await measure("nothing but the clock") { _ in }
let plain = opaque(call())
try await measure("call") { number in _ = try await plain(number) }
let usual = opaque(
  call().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(
    TokenBucket("benchmark", limit: .perSecond(1_000_000_000, burst: 1_000_000_000))
  ).retry())
try await measure("breaker, limiter, retry") { number in _ = try await usual(number) }
let keys = (0..<100_000).map { "customer-\($0)" }
let keyed = KeyedRateLimiter<String>("benchmark", limit: .perSecond(1, burst: 1_000_000), maxKeys: 200_000)
try await measure("limiter, 100 000 string keys, made on the way") { number in
  _ = keyed.tryAcquire(key: keys[(number &* 7919) % keys.count], at: SystemClock.read())
}
let stack = opaque(call().standardStack(StandardStackPolicy()))
try await measure("standard stack, whose timeout can interrupt") { number in _ = try await stack(number) }
let registry = ServiceRegistry()
for number in 0..<1000 {
  _ = registry.register(ServiceInstance(id: "i-\(number)", service: "benchmark"), ttl: .seconds(86_400))
}
let balanced = opaque(registry.service("benchmark").balanced(.powerOfTwoChoices) { _ in call() })
try await measure("balanced over 1 000 instances") { number in _ = try await balanced(number) }
try await measure("balanced, and an instance changes each 100 calls") { number in
  if number % 100 == 0, let member = registry.instances(of: "benchmark", at: SystemClock.read()).members.first
  {
    registry.report(member.health == .unhealthy ? .healthy : .unhealthy, of: member)
  }
  _ = try await balanced(number)
}
let bus = EventBus(source: "benchmark", policy: EventBusPolicy(queueCapacity: 1_000_000))
let topic = EventType<Int>("benchmark")
try bus.subscribe(
  to: topic, group: "subscriber", policy: DeliveryPolicy(parallelism: 1),
  handler: EventHandler("subscriber") { (_: Event<Int>) in })
let task = Task.detached { try await bus.run() }
try await measure("bus: published, and handled before the next") { number in
  try await bus.publish(number, as: topic)
  try await bus.waitUntilIdle()
}
task.cancel()

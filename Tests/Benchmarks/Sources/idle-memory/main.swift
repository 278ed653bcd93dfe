// What live objects cost that do nothing: idle-memory KIND COUNT; without arguments, the kinds.
//
// A process of its own for each, so that no memory is left over from another.

import Counters
import Glibc
import Resilience

/// What keeps a value, as objects do.
final class Box<Value> {
  let value: Value

  init(_ value: Value) { self.value = value }
}

/// Bytes of this process that are in memory.
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return 0 }
  let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self).split(
    separator: " ")
  return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// Each makes so many, and returns what keeps them.
let kinds: [(name: String, make: (_ count: Int) -> [AnyObject])] = [
  ("breakers", { count in (0..<count).map { _ in CircuitBreaker("benchmark") } }),
  (
    "keyed-breakers",
    { count in
      let breakers = CircuitBreakers<Int>("benchmark", maxBreakers: count)
      for key in 0..<count { _ = breakers[key] }
      precondition(
        breakers.snapshot().breakers == count, "there are \(breakers.snapshot().breakers) breakers")
      return [breakers]
    }
  ),
  ("buckets", { count in (0..<count).map { _ in TokenBucket("benchmark", limit: .perSecond(10)) } }),
  (
    // Short enough to need no memory of their own.
    "keys",
    { count in
      let limiter = KeyedRateLimiter<String>("benchmark", limit: .perHour(60), maxKeys: count)
      for number in 0..<count { _ = limiter.tryAcquire(key: "key-\(number)") }
      precondition(limiter.snapshot().keys == count, "the limiter knows \(limiter.snapshot().keys) keys")
      return [limiter]
    }
  ),
  ("quotas", { count in (0..<count).map { _ in QuotaLimiter("benchmark", quotas: [.perMinute(60)]) } }),
  (
    "keyed-quotas",
    { count in
      let limiter = KeyedQuotaLimiter<Int>("benchmark", quotas: [.perMinute(60)], maxKeys: count)
      for key in 0..<count { _ = limiter.tryAcquire(key: key) }
      return [limiter]
    }
  ),
  ("throttles", { count in (0..<count).map { _ in AdaptiveThrottle("benchmark") } }),
  ("bulkheads", { count in (0..<count).map { _ in Bulkhead("benchmark", limit: .fixed(20)) } }),
  ("adaptive-bulkheads", { count in (0..<count).map { _ in Bulkhead("benchmark", limit: .adaptive()) } }),
  ("budgets", { count in (0..<count).map { _ in RetryBudget() } }),
  ("meters", { count in (0..<count).map { _ in CallMeter("benchmark") } }),
  (
    "standard-stacks",
    { count in
      (0..<count).map { _ in
        Box(ServiceCall("benchmark") { (input: Int) in input }.standardStack(StandardStackPolicy()).erased())
      }
    }
  ),
  (
    "registrations",
    { count in
      let registry = ServiceRegistry()
      for number in 0..<count {
        _ = registry.register(ServiceInstance(id: "i-\(number)", service: "benchmark"), ttl: .seconds(86_400))
      }
      return [registry]
    }
  ),
  (
    "balanced-registrations",
    { count in
      let registry = ServiceRegistry()
      for number in 0..<count {
        _ = registry.register(ServiceInstance(id: "i-\(number)", service: "benchmark"), ttl: .seconds(86_400))
      }
      let balancer = registry.service("benchmark").balancer(.powerOfTwoChoices)
      balancer.pick(at: SystemClock.read(), draw: 1)?.release()
      return [registry, balancer]
    }
  ),
  (
    "events",
    { count in
      let bus = EventBus(source: "benchmark", policy: EventBusPolicy(queueCapacity: count))
      let type = EventType<Int>("benchmark")
      _ = try? bus.subscribe(
        to: type, group: "group", handler: EventHandler("handler") { (_: Event<Int>) in })
      for number in 0..<count { _ = try? bus.publish(number, as: type, subject: "customer-\(number % 1000)") }
      precondition(bus.snapshot().groups.first?.outstanding == count, "\(bus.snapshot())")
      return [bus]
    }
  ),
  (
    "timers",
    { count in
      let clock = SystemClock()
      let later = clock.now.advanced(by: .seconds(86_400))
      for number in 0..<count { _ = clock.schedule(at: later.advanced(byNanoseconds: Int64(number))) {} }
      return []
    }
  ),
]

guard CommandLine.arguments.count == 3 else {
  for kind in kinds { print(kind.name) }
  exit(0)
}
let (name, count) = (CommandLine.arguments[1], Int(CommandLine.arguments[2]) ?? 0)
guard let kind = kinds.first(where: { $0.name == name }), count > 0 else {
  preconditionFailure("\(CommandLine.arguments.dropFirst()): a kind, and how many")
}
// The first of a kind brings tables and threads along that the others share.
let first = kind.make(1)
let (residentBefore, allocatedBefore) = (residentBytes(), Int(allocated_bytes()))
let objects = kind.make(count)
let resident = residentBytes() - residentBefore
let allocated = Int(allocated_bytes()) - allocatedBefore
print("\(count) \(name): each \(resident / count) bytes resident, \(allocated / count) allocated")
withExtendedLifetime((first, objects)) {}

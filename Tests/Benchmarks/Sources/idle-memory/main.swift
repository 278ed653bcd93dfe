// What idle objects cost: idle-memory breakers|keyed-breakers|keys|buckets|timers COUNT
//
// A process of its own for each, so that no memory is left over from another.

import Counters
import Glibc
import Resilience

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

/// Makes so many, and returns what keeps them.
func make(_ kind: String, _ count: Int) -> [AnyObject] {
  switch kind {
  case "breakers":
    return (0..<count).map { _ in CircuitBreaker("benchmark") }
  case "keyed-breakers":
    let breakers = CircuitBreakers<Int>("benchmark", maxBreakers: count)
    for key in 0..<count { _ = breakers[key] }
    precondition(breakers.snapshot().breakers == count, "there are \(breakers.snapshot().breakers) breakers")
    return [breakers]
  case "buckets":
    return (0..<count).map { _ in TokenBucket("benchmark", limit: .perSecond(10)) }
  case "keys":
    // Short enough to need no memory of their own.
    let limiter = KeyedRateLimiter<String>("benchmark", limit: .perHour(60), maxKeys: count)
    for number in 0..<count { _ = limiter.tryAcquire(key: "key-\(number)") }
    precondition(limiter.snapshot().keys == count, "the limiter knows \(limiter.snapshot().keys) keys")
    return [limiter]
  case "timers":
    let clock = SystemClock()
    let later = clock.now.advanced(by: .seconds(86_400))
    for number in 0..<count { _ = clock.schedule(at: later.advanced(byNanoseconds: Int64(number))) {} }
    return []
  default:
    preconditionFailure("breakers, keyed-breakers, buckets, keys or timers, not \(kind)")
  }
}

let (kind, count) = (CommandLine.arguments[1], Int(CommandLine.arguments[2]) ?? 0)
// The first of a kind brings tables and threads along that the others share.
let first = make(kind, 1)
let (residentBefore, allocatedBefore) = (residentBytes(), Int(allocated_bytes()))
let objects = make(kind, count)
let resident = residentBytes() - residentBefore
let allocated = Int(allocated_bytes()) - allocatedBefore
print(
  "\(count) \(kind): \(resident / 1_000_000) MB resident, \(allocated / 1_000_000) MB allocated; "
    + "each \(resident / count) bytes resident, \(allocated / count) allocated")
withExtendedLifetime((first, objects)) {}

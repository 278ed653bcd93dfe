import Glibc
import Resilience
import Synchronization

/// What cannot be done without: ratios are taken to these, in the same run. They are not ours, so they are
/// not gated.
func floorRows() -> [Row] {
  let rows: [Row] = [
    .sync("floor: atomic load") {
      let (even, odd) = (opaque(Box(Atomic<Int>(1))), opaque(Box(Atomic<Int>(2))))
      return { count in
        var sum = 0
        // Which word is read depends on the last one: a loop over one word would be folded.
        for _ in 0..<count { sum &+= (sum & 1 == 0 ? even : odd).value.load(ordering: .acquiring) }
        return sum
      }
    },
    .sync("floor: atomic add") {
      let word = opaque(Box(Atomic<Int>(1)))
      return { count in
        var sum = 0
        for _ in 0..<count { sum &+= word.value.wrappingAdd(1, ordering: .relaxed).newValue }
        return sum
      }
    },
    .sync("floor: lock pair") {
      let lock = opaque(Box(Mutex(0)))
      return { count in
        for _ in 0..<count { lock.value.withLock { $0 &+= 1 } }
        return lock.value.withLock { $0 }
      }
    }
    .beat("one lock pair", "5–7 ns"),
    .sync("floor: clock read") {
      { count in
        var sum = 0
        for _ in 0..<count { sum &+= Int(truncatingIfNeeded: SystemClock.read().nanoseconds) }
        return sum
      }
    }
    .beat("one clock read", "26–43 ns"),
    .sync("floor: clock read and atomic add") {
      let word = opaque(Box(Atomic<Int>(1)))
      return { count in
        for _ in 0..<count {
          word.value.wrappingAdd(Int(SystemClock.read().nanoseconds), ordering: .relaxed)
        }
        return word.value.load(ordering: .relaxed)
      }
    },
    .sync("floor: dictionary of 100 000 strings") {
      let keys = (0..<100_000).map { "customer-\($0)" }
      let places = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
      return { count in
        var (sum, random) = (0, SplitMix(seed: 1))
        for _ in 0..<count { sum &+= places[keys[random.next(below: keys.count)]] ?? 0 }
        return sum
      }
    },
    .sync("floor: throw and catch") {
      { count in
        var sum = 0
        for index in 0..<count {
          do { try throwing(index) } catch { sum &+= 1 }
        }
        return sum
      }
    },
    .async("floor: await of a closure") {
      let offset = CommandLine.arguments.count
      let work: nonisolated(nonsending) @Sendable (Int) async throws -> Int = { $0 &+ offset }
      return { count in try await repeated(count, work) }
    }
    .from(.off, .actor, .main)
    .target("opaque user op boundary", instructions: 470, allocations: 0),
    .async("floor: await of a closure that suspends once") {
      let offset = CommandLine.arguments.count
      let work: nonisolated(nonsending) @Sendable (Int) async throws -> Int = {
        await Task.yield()
        return $0 &+ offset
      }
      return { count in try await repeated(count, work) }
    },
    .sync("floor: task-local read") {
      { count in
        var sum = 0
        for _ in 0..<count { sum &+= Local.number }
        return sum
      }
    },
    .async("floor: await of a closure, with a task-local bound") {
      let offset = CommandLine.arguments.count
      let work: nonisolated(nonsending) @Sendable (Int) async throws -> Int = { $0 &+ offset }
      return { count in
        try await repeated(count) { input in
          try await Local.$number.withValue(input) { try await work(input) }
        }
      }
    },
    .async("floor: immediate task and its value") {
      let offset = CommandLine.arguments.count
      return { count in
        var sum = 0
        for input in 0..<count { sum &+= await Task.immediate { input &+ offset }.value }
        return sum
      }
    },
    // What a library pays that lets its caller say where tasks run: the preference is kept even if it is for none, and
    // looked up with a lock at each switch.
    .async("floor: immediate task that prefers no executor, and its value") {
      let (offset, executor) = (CommandLine.arguments.count, opaque(Box<(any TaskExecutor)?>(nil)))
      return { count in
        var sum = 0
        for input in 0..<count {
          sum &+= await Task.immediate(executorPreference: executor.value) { input &+ offset }.value
        }
        return sum
      }
    },
    .async("floor: child task by async let, and its value") {
      let offset = CommandLine.arguments.count
      return { count in
        var sum = 0
        for input in 0..<count {
          async let value = input &+ offset
          sum &+= await value
        }
        return sum
      }
    },
    .async("floor: group of one immediate task, and its value") {
      let offset = CommandLine.arguments.count
      return { count in
        var sum = 0
        for input in 0..<count {
          sum &+= await withTaskGroup(of: Int.self) { group in
            // The child task is what is measured.
            group.addImmediateTask { input &+ offset }
            return await group.next() ?? 0
          }
        }
        return sum
      }
    },
    .async("floor: a task that wakes another, and is woken by it") {
      { count in
        let (there, back) = (Baton(), Baton())
        let other = Task.detached {
          for _ in 0..<count {
            await there.taken()
            back.pass()
          }
        }
        for _ in 0..<count {
          there.pass()
          await back.taken()
        }
        await other.value
        return count
      }
    }
    .from(.off, .main),
    .sync("floor: queue swapped on dequeue") {
      let queue = opaque(Box(Mutex<[Int]>([])))
      return { count in
        var (sum, batch) = (0, [Int]())
        for index in 0..<count {
          queue.value.withLock { $0.append(index) }
          guard index % 256 == 255 else { continue }
          batch.removeAll(keepingCapacity: true)
          queue.value.withLock { swap(&$0, &batch) }
          for message in batch { sum &+= message }
        }
        return sum
      }
    },
  ]
  return rows.map { $0.ungated() }
}

@inline(never)
private func repeated(
  _ count: Int, _ work: nonisolated(nonsending) @Sendable (Int) async throws -> Int
) async throws -> Int {
  var sum = 0
  for input in 0..<count { sum &+= try await work(input) }
  return sum
}

private enum Local {
  @TaskLocal static var number = 0
}

/// What one task hands to another, which is suspended until then.
private final class Baton: Sendable {
  private enum State {
    case absent
    case passed
    case awaited(UnsafeContinuation<Void, Never>)
  }

  private let state = Mutex(State.absent)

  func pass() {
    let waiting: UnsafeContinuation<Void, Never>? = state.withLock { state in
      guard case .awaited(let waiting) = state else {
        state = .passed
        return nil
      }
      state = .absent
      return waiting
    }
    waiting?.resume()
  }

  func taken() async {
    await withUnsafeContinuation { continuation in
      let isHere = state.withLock { state in
        guard case .passed = state else {
          state = .awaited(continuation)
          return false
        }
        state = .absent
        return true
      }
      if isHere { continuation.resume() }
    }
  }
}

struct Failure: Error {
  var number = 0
}

@inline(never)
private func throwing(_ number: Int) throws {
  throw Failure(number: number)
}

/// The same value, of which the compiler knows nothing any more.
@inline(never)
@_optimize(none)
func opaque<Value>(_ value: Value) -> Value { value }

/// Shares what cannot be copied.
final class Box<Value: ~Copyable & Sendable>: Sendable {
  let value: Value

  init(_ value: consuming Value) {
    self.value = value
  }
}

/// Random numbers of a row's own: the same in every run.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: (z ^ (z &>> 31)).multipliedFullWidth(by: UInt64(bound)).high)
  }
}

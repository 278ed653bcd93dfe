internal import ResilienceCore

/// Names tasks and timers by who made them and as which of its own, so that one has the same name in every
/// schedule in which it is made at all.
final class Lineage: Sendable {
  private struct State {
    var current: UInt64 = 0
    var made: [UInt64: UInt64] = [:]
    var tasks: [UInt64: UInt64] = [:]

    mutating func nextName() -> UInt64 {
      made[current, default: 0] += 1
      return SplitMix64.mix(SplitMix64.mix(current) &+ (made[current] ?? 0))
    }
  }

  private let state = Lock(State())

  /// The name of a job's task, which belongs to what runs at this moment when it is new.
  func name(of job: UnownedJob) -> UInt64 {
    let number = Self.number(of: job)
    return state.withLock { state in
      // A yield's job, or an actor's, has no number: it is part of the task that left it.
      guard number != 0 else { return state.current }
      if let name = state.tasks[number] { return name }
      let name = state.nextName()
      state.tasks[number] = name
      return name
    }
  }

  func nameOfNewTimer() -> UInt64 { state.withLock { $0.nextName() } }

  /// Something of this name runs from now on.
  func begin(_ name: UInt64) {
    state.withLock { $0.current = name }
  }

  /// The runtime's number of the job's task, which only the description shows; 0 when there is none.
  static func number(of job: UnownedJob) -> UInt64 {
    job.description.utf8.reduce(0) { number, byte in
      (48...57).contains(byte) ? number &* 10 &+ UInt64(byte - 48) : number
    }
  }
}

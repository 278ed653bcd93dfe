import Counters
import Resilience

/// What one operation of a case takes.
struct Measurement: Sendable {
  let item: Case
  let allocations: Double
  let bytes: Double
  var instructions: Double?
  var medianNanoseconds: Double?
  var bestNanoseconds: Double?
}

/// Measures cases, one after the other.
struct Harness: Sendable {
  var countsTime = true
  var hasPerf = false
  var plant: Plant?

  /// Short samples, and many, so that on a busy machine some are undisturbed.
  private static let samples = 31
  private static let sampleNanoseconds: Int64 = 4_000_000

  func measure(_ item: Case) async throws -> Measurement {
    try await item.run {
      let loop = try await prepare(item)
      let count = item.row.operations
      var (allocations, bytes, instructions) = (Double.infinity, Double.infinity, Double.infinity)
      // The least of a few: something else in the process may be at work.
      for _ in 0..<3 {
        allocations_start()
        consume(try await loop(count))
        let counted = allocations_stop()
        allocations = min(allocations, Double(counted.calls) / Double(count))
        bytes = min(bytes, Double(counted.bytes) / Double(count))
        guard hasPerf else { continue }
        let begin = perf_read()
        consume(try await loop(0))
        let middle = perf_read()
        consume(try await loop(count))
        let end = perf_read()
        instructions = min(instructions, Double((end &- middle) &- (middle &- begin)) / Double(count))
      }
      var result = Measurement(item: item, allocations: allocations, bytes: bytes)
      if hasPerf { result.instructions = instructions }
      if countsTime {
        let times = try await time(loop, from: count)
        result.medianNanoseconds = times[times.count / 2]
        result.bestNanoseconds = times[0]
      }
      return result
    }
  }

  /// Has callgrind count a case, when it runs this program: nothing at all, then the operations, and if it is
  /// quick that again. `run` reads the figures from its file.
  func countUnderCallgrind(_ item: Case) async throws {
    try await item.run {
      let loop = try await prepare(item)
      for _ in 0..<(item.row.operations > 1000 || !item.row.isGated ? 1 : 2) {
        for count in [0, item.row.operations] {
          callgrind_start()
          consume(try await loop(count))
          callgrind_stop("\(count) \(item.name)")
        }
      }
    }
  }

  private func prepare(_ item: Case) async throws -> Row.Loop {
    let prepared = try await item.row.prepare()
    let loop = plant?.planted(in: prepared, of: item) ?? prepared
    consume(try await loop(item.row.operations))
    return loop
  }

  /// Nanoseconds of one operation, of each sample, the least first.
  private func time(_ loop: Row.Loop, from operations: Int) async throws -> [Double] {
    var count = operations
    while true {
      let elapsed = try await elapsed(loop, count)
      if elapsed >= Self.sampleNanoseconds / 2 { break }
      count *= elapsed * 8 < Self.sampleNanoseconds ? 8 : 2
    }
    var times: [Double] = []
    for _ in 0..<Self.samples { times.append(Double(try await elapsed(loop, count)) / Double(count)) }
    return times.sorted()
  }

  private func elapsed(_ loop: Row.Loop, _ count: Int) async throws -> Int64 {
    let begin = SystemClock.read()
    consume(try await loop(count))
    return begin.nanoseconds(to: SystemClock.read())
  }
}

/// Keeps a result from being left out.
@inline(never)
@_optimize(none)
private func consume(_ result: Int) {}

import ResilienceCore
import ResilienceTestKit

@testable import ResilienceEventBus

extension JournalPolicy {
  /// Segments of a few batches.
  static let small = small()

  static func small(_ durability: JournalDurability = .synced, retainedBytes: Int? = nil) -> JournalPolicy {
    JournalPolicy(
      segmentBytes: 2048, durability: durability, maxRecordBytes: 200, maxBatchBytes: 1000,
      retainedBytes: retainedBytes, indexStepBytes: 300)
  }
}

/// A record that says its number in its payload and in its time.
func numbered(_ number: Int, key: String? = nil, bytes: Int = 8) -> JournalRecord {
  let digits = Array("\(number)".utf8)
  let padding = [UInt8](repeating: 0x2E, count: max(0, bytes - digits.count))
  return JournalRecord(
    digits + padding, key: key.map { Array($0.utf8) }, time: UnixTime(nanoseconds: Int64(number)))
}

extension JournalEntry {
  var number: Int { Int(record.time.nanoseconds) }
}

extension Journal {
  /// All that is there, read in several pieces.
  func all() async throws -> [JournalEntry] {
    var entries: [JournalEntry] = []
    while true {
      let next = try await records(from: entries.last.map { $0.offset + 1 } ?? 0, limit: 7)
      if next.isEmpty { return entries }
      entries += next
    }
  }

  func append(_ numbers: ClosedRange<Int>, bytes: Int = 8) async throws {
    for number in numbers { try await append(numbered(number, bytes: bytes)) }
  }
}

/// Runs `body` in the simulator, with a disk.
func onDisk<Value: Sendable>(
  seed: UInt64 = 1, capacity: Int = .max,
  _ body: @escaping @Sendable (SimulatedDisk, Simulation) async throws -> Value
) throws -> Value {
  let disk = SimulatedDisk(
    seed: seed, capacity: capacity, latency: .constant(.microseconds(20)),
    syncLatency: .uniform(.microseconds(100) ... .milliseconds(2)))
  return try Simulation(seed: seed).run { try await body(disk, $0) }
}

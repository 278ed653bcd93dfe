import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// Random operations, crashes and faults, against a plain dictionary of what was acknowledged.
@Suite struct JournalModelTests {
  static let seeds: UInt64 = 500

  @Test(arguments: 0..<10 as Range<UInt64>)
  func nothingAcknowledgedIsLostWhateverHappens(block: UInt64) throws {
    for seed in block * Self.seeds / 10..<(block + 1) * Self.seeds / 10 {
      let problems = try onDisk(seed: seed) { disk, simulation in
        var run = try await JournalModel(seed: seed, disk, simulation)
        for _ in 0..<16 {
          await run.step()
          if !run.problems.isEmpty { break }
        }
        return run.problems.isEmpty ? [] : run.problems + ["steps \(run.steps)"]
      }
      #expect(problems == [], "seed \(seed)")
      if !problems.isEmpty { return }
    }
  }
}

struct JournalModel {
  private let disk: SimulatedDisk
  private let simulation: Simulation
  private let random: SeededRandomSource
  private let policy: JournalPolicy
  private var journal: Journal
  /// By number: every record that was ever handed over.
  private var handedOver: [Int: JournalRecord] = [:]
  /// By offset: the numbers of those that were acknowledged, or seen.
  private var known: [Int64: Int] = [:]
  private var hasCompacted = false
  private(set) var steps: [Int] = []
  private(set) var problems: [String] = []

  init(seed: UInt64, _ disk: SimulatedDisk, _ simulation: Simulation) async throws {
    self.disk = disk
    self.simulation = simulation
    random = SeededRandomSource(seed: seed ^ 0xABCD)
    policy = .small(seed % 4 == 3 ? .written : .synced)
    journal = try await Journal.open(disk, policy: policy)
  }

  mutating func step() async {
    let kind = random.next(below: 16)
    steps.append(kind)
    do {
      try await step(kind)
    } catch {
      problems.append("\(error)")
    }
  }

  private mutating func step(_ kind: Int) async throws {
    switch kind {
    case 0..<7: try await append()
    case 7:
      try await journal.close()
      try await reopen()
    case 8: try await crash()
    case 9:
      disk.crash(afterChanges: random.next(below: 12))
      try await append()
      try await crash()
    case 10:
      disk.failSyncs(1 + random.next(below: 2))
      try await append()
      disk.failSyncs(0)
    case 11:
      disk.failWrites(1 + random.next(below: 2))
      try await append()
      disk.failWrites(0)
    case 12:
      disk.setCapacity(disk.usedBytes + random.next(below: 2500))
      try await append()
      try await append()
      disk.setCapacity(.max)
    case 13:
      try await withCrash { journal, random in
        try await journal.discard(before: Int64(random.next(below: Int(journal.endOffset) + 1)))
      }
    case 14:
      hasCompacted = true
      try await withCrash { journal, _ in try await journal.compact(keepingTombstonesFor: .zero) }
    default: try await compareTimes()
    }
    try await verify()
  }

  private mutating func withCrash(_ body: (Journal, SeededRandomSource) async throws -> Void) async throws {
    let crashes = random.next(below: 2) == 0
    if crashes { disk.crash(afterChanges: random.next(below: 10)) }
    do {
      try await body(journal, random)
    } catch {
      if !crashes { problems.append("\(error)") }
    }
    if crashes { try await crash() }
  }

  // MARK: - Appending

  private mutating func append() async throws {
    var batches: [[JournalRecord]] = []
    for _ in 0...random.next(below: 5) {
      batches.append((0...random.next(below: 3)).map { _ in makeRecord() })
    }
    let cancelsAfter = random.next(below: 4) == 0 ? Duration.microseconds(random.next(below: 4000)) : nil
    let (journal, simulation) = (journal, simulation)
    let acknowledged = await withTaskGroup(
      of: (Int64, [JournalRecord])?.self, returning: [(Int64, [JournalRecord])].self
    ) { tasks in
      for batch in batches {
        tasks.addTask {
          guard let offsets = try? await journal.append(batch) else { return nil }
          return (offsets.lowerBound, batch)
        }
      }
      if let cancelsAfter {
        try? await simulation.sleep(for: cancelsAfter)
        tasks.cancelAll()
      }
      var acknowledged: [(Int64, [JournalRecord])] = []
      for await case let one? in tasks { acknowledged.append(one) }
      return acknowledged
    }
    for (first, batch) in acknowledged {
      for (index, record) in batch.enumerated() {
        let number = Int(record.time.nanoseconds)
        if let other = known.updateValue(number, forKey: first + Int64(index)) {
          problems.append("offset \(first + Int64(index)) was given to \(other) and to \(number)")
        }
      }
    }
  }

  private mutating func makeRecord() -> JournalRecord {
    let number = handedOver.count * 3 + random.next(below: 3)
    var record = numbered(
      number, key: random.next(below: 3) == 0 ? nil : "key \(random.next(below: 6))",
      bytes: 1 + random.next(below: 150))
    if record.key != nil, random.next(below: 4) == 0 { record.payload = [] }
    handedOver[number] = record
    return record
  }

  // MARK: - Crashes

  private mutating func crash() async throws {
    let losesPower = random.next(below: 2) == 0
    if losesPower { disk.loseState() } else { disk.kill() }
    if losesPower, policy.durability == .written { known = [:] }
    // It may crash once more while it recovers.
    if random.next(below: 3) == 0 {
      disk.crash(afterChanges: random.next(below: 6))
      _ = try? await Journal.open(disk, policy: policy)
      if losesPower { disk.loseState() } else { disk.kill() }
    }
    try await reopen()
  }

  private mutating func reopen() async throws {
    journal = try await Journal.open(disk, policy: policy)
  }

  // MARK: - Comparing

  private mutating func verify() async throws {
    let entries = try await journal.all()
    if zip(entries, entries.dropFirst()).contains(where: { $0.offset >= $1.offset }) {
      problems.append("offsets do not grow: \(entries.map(\.offset))")
    }
    for entry in entries {
      if handedOver[entry.number] != entry.record { problems.append("\(entry) was never appended") }
      if let number = known[entry.offset], number != entry.number {
        problems.append("\(entry.offset) holds \(entry.number), not \(number)")
      }
      known[entry.offset] = entry.number
    }
    if Set(known.values).count != known.count { problems.append("a record is there twice") }
    let present = Set(entries.map(\.offset))
    for (offset, number) in known where offset >= journal.firstOffset && !present.contains(offset) {
      if !mayBeGone(offset, number) { problems.append("\(number) at \(offset) is lost") }
    }
    if let last = known.keys.max(), last >= journal.endOffset { problems.append("the end is before \(last)") }
  }

  private func mayBeGone(_ offset: Int64, _ number: Int) -> Bool {
    guard hasCompacted, let record = handedOver[number], let key = record.key else { return false }
    return record.isTombstone
      || known.contains { $0.key > offset && handedOver[$0.value]?.key == key }
  }

  private mutating func compareTimes() async throws {
    let entries = try await journal.all()
    for _ in 0..<5 {
      let time = UnixTime(nanoseconds: Int64(random.next(below: handedOver.count * 3 + 5)))
      let expected = entries.first { $0.record.time >= time }?.offset ?? journal.endOffset
      let found = try await journal.offset(at: time)
      if found != expected { problems.append("\(time) is at \(found), not at \(expected)") }
    }
  }
}

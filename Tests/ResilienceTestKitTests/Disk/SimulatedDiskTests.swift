import ResilienceCore
import ResilienceTestKit
import Testing

@Suite struct SimulatedDiskTests {
  private func run(
    seed: UInt64 = 1, capacity: Int = .max,
    _ body: @escaping @Sendable (SimulatedDisk) async throws -> Void
  ) throws {
    let disk = SimulatedDisk(seed: seed, capacity: capacity)
    try Simulation(seed: seed).run { _ in try await body(disk) }
  }

  @Test func aPowerCutKeepsWhatWasSyncedAndAnySectorsOfTheRest() throws {
    let outcomes = Log()
    for seed in 0..<200 as Range<UInt64> {
      try run(seed: seed) { disk in
        let file = try await disk.create("a")
        try await file.write([UInt8](repeating: 1, count: 1536), at: 0)
        try await file.sync()
        try await disk.syncDirectory()
        try await file.write([UInt8](repeating: 2, count: 1536), at: 0)
        disk.loseState()
        let bytes = disk.contents(of: "a") ?? []
        #expect(bytes.count == 1536)
        let sectors = [0, 512, 1024].map { Array(bytes[$0..<$0 + 512]) }
        // A sector is written whole or not at all.
        #expect(sectors.allSatisfy { Set($0).count == 1 })
        outcomes.add(sectors.compactMap(\.first))
      }
    }
    #expect(outcomes.values.count == 8)
  }

  @Test func namesSurviveInTheirOrder() throws {
    let outcomes = Log()
    for seed in 0..<100 as Range<UInt64> {
      try run(seed: seed) { disk in
        _ = try await disk.create("a")
        try await disk.syncDirectory()
        _ = try await disk.create("b")
        try await disk.rename("b", to: "c")
        try await disk.remove("a")
        disk.loseState()
        outcomes.add(try await disk.list().map { $0.utf8.first ?? 0 })
      }
    }
    #expect(outcomes.values == [[97], [97, 98], [97, 99], [99]])
  }

  @Test func aFailedSyncIsNotMadeGoodByALaterOne() throws {
    try run { disk in
      let file = try await disk.create("a")
      try await disk.syncDirectory()
      try await file.write([1], at: 0)
      disk.failSyncs()
      await #expect(throws: StorageError.self) { try await file.sync() }
      try await file.sync()
      #expect(try await file.read(at: 0, count: 1) == [1])
      disk.loseState()
      #expect(disk.contents(of: "a") != [1])
    }
  }

  @Test func aKillKeepsWhatWasWritten() throws {
    try run { disk in
      let file = try await disk.create("a")
      try await file.write([1, 2], at: 0)
      _ = try await disk.lock()
      disk.kill()
      await #expect(throws: StorageError.self) { try await file.read(at: 0, count: 1) }
      _ = try await disk.lock()
      #expect(try await disk.open("a").read(at: 0, count: 5) == [1, 2])
    }
  }

  @Test func aFullDiskTakesWhatFits() throws {
    try run(capacity: 10) { disk in
      let file = try await disk.create("a")
      let error = await #expect(throws: StorageError.self) {
        try await file.write([UInt8](repeating: 1, count: 12), at: 0)
      }
      #expect(error?.isDiskFull == true)
      #expect(disk.usedBytes == 10)
      await #expect(throws: StorageError(.preallocate, file: "disk/a", .diskFull)) {
        try await file.preallocate(11)
      }
      try await file.truncate(2)
      try await file.write([5], at: 9)
      #expect(try await file.read(at: 0, count: 10) == [1, 1, 0, 0, 0, 0, 0, 0, 0, 5])
    }
  }

  @Test func aCrashComesAtTheChangeThatWasChosen() throws {
    try run { disk in
      let file = try await disk.create("a")
      disk.crash(afterChanges: 1)
      try await file.write([1], at: 0)
      await #expect(throws: StorageError.self) { try await file.write([2], at: 0) }
      await #expect(throws: StorageError.self) { try await disk.list() }
      disk.kill()
      // It was half done: written, and not durable.
      #expect(disk.contents(of: "a") == [2])
      disk.flipBit(of: "a", at: 7)
      #expect(disk.contents(of: "a") == [130])
    }
  }

  private final class Log: Sendable {
    private let state = Lock<Set<[UInt8]>>([])
    var values: Set<[UInt8]> { state.withLock { $0 } }
    func add(_ value: [UInt8]) { state.withLock { _ = $0.insert(value) } }
  }
}

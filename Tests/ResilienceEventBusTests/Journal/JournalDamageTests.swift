import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct JournalDamageTests {
  /// The bytes of a small journal's files, and where each of its batches begins.
  private struct Image {
    var files: [(name: String, bytes: [UInt8])] = []
    var lastBatch = 0
    var end = 0
  }

  /// Two files and some batches in each; not closed.
  private static func image() throws -> Image {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      var image = Image()
      for number in 0..<9 {
        image.lastBatch = journal.list.segments.last?.end ?? 0
        try await journal.append(numbered(number, key: "k\(number % 3)", bytes: 150))
      }
      #expect(journal.list.segments.count == 2)
      image.end = journal.list.segments.last?.end ?? 0
      image.files = try await disk.list().filter { $0 != "lock" }.map { ($0, disk.contents(of: $0) ?? []) }
      return image
    }
  }

  private static func disk(_ image: Image) -> SimulatedDisk {
    let disk = SimulatedDisk(seed: 1)
    for file in image.files { disk.setContents(of: file.name, to: file.bytes) }
    return disk
  }

  @Test func aWriteTornAtAnyByteIsCutAndNothingBeforeIt() throws {
    let image = try Self.image()
    for length in image.lastBatch..<image.end {
      var torn = image
      let last = torn.files.count - 1
      torn.files[last].bytes.replaceSubrange(
        length..<image.end, with: [UInt8](repeating: 0, count: image.end - length))
      let disk = Self.disk(torn)
      try Simulation(seed: 1).run { _ in
        let journal = try await Journal.open(disk, policy: .small)
        // The payload ends with dots: a record is whole only with its last byte.
        #expect(journal.endOffset == 8)
        #expect(try await journal.all().map(\.number) == Array(0..<8))
        let cut = journal.snapshot().cutBytes
        #expect(length == image.lastBatch ? cut == 0 : cut > 0 && cut <= length - image.lastBatch)
        try await journal.append(numbered(100))
        try await journal.close()
        let again = try await Journal.open(disk, policy: .small)
        #expect(try await again.all().map(\.number) == Array(0..<8) + [100])
        #expect(again.snapshot().cutBytes == 0)
      }
    }
  }

  @Test func aBitTurnedRoundAnywhereIsFound() throws {
    let image = try Self.image()
    for (index, file) in image.files.enumerated() {
      let isLast = index == image.files.count - 1
      let end = isLast ? image.end : file.bytes.count
      for byte in 0..<end {
        let disk = Self.disk(image)
        disk.flipBit(of: file.name, at: byte * 8 + byte % 8)
        let result = try Simulation(seed: 1).run { _ in
          await Self.read(disk)
        }
        switch result {
        case .failure(let error):
          #expect(error.file == "disk/\(file.name)" && !error.reason.isEmpty)
        case .success(let (entries, cut)):
          // What follows the last sync cannot be told from a write that was torn.
          #expect(isLast && byte >= image.lastBatch && cut > 0, "byte \(byte) of \(file.name)")
          #expect(entries == Array(0..<8))
        }
      }
    }
  }

  @Test func aBitTurnedRoundInTheLastBatchIsFoundAfterAClose() throws {
    let image = try Self.image()
    let closed = Self.disk(image)
    try Simulation(seed: 1).run { _ in
      try await Journal.open(closed, policy: .small).close()
    }
    let name = image.files[1].name
    for byte in image.lastBatch..<image.end {
      let disk = SimulatedDisk(seed: 1)
      for file in image.files {
        disk.setContents(of: file.name, to: try #require(closed.contents(of: file.name)))
      }
      disk.flipBit(of: name, at: byte * 8 + byte % 8)
      let result = try Simulation(seed: 1).run { _ in await Self.read(disk) }
      guard case .failure(let error) = result else {
        Issue.record("byte \(byte) is not missed")
        return
      }
      #expect(error.position == image.lastBatch)
    }
  }

  @Test func aBitTurnedRoundBehindTheEndDoesNothing() throws {
    let image = try Self.image()
    for byte in stride(from: image.end, to: image.files[1].bytes.count, by: 3) {
      let disk = Self.disk(image)
      disk.flipBit(of: image.files[1].name, at: byte * 8 + byte % 8)
      let result = try Simulation(seed: 1).run { _ in await Self.read(disk) }
      #expect(try result.get().entries == Array(0..<9))
    }
  }

  @Test func aMissingFileAndAFutureVersionAreNamed() throws {
    let image = try Self.image()
    let names = image.files.map(\.name)
    let files = image.files
    try Simulation(seed: 1).run { _ in
      let shortened = Self.disk(image)
      shortened.setContents(of: names[0], to: Array(files[0].bytes.prefix(1000)))
      let short = await #expect(throws: JournalDamaged.self) { try await Journal.open(shortened) }
      #expect(short?.reason.contains("the file has 1000 bytes") == true)

      let gap = Self.disk(image)
      gap.setContents(of: Segment.name(4), to: files[1].bytes)
      let missing = await #expect(throws: JournalDamaged.self) { try await Journal.open(gap) }
      #expect(missing?.reason.contains(Segment.name(3)) == true)

      let renamed = Self.disk(image)
      renamed.setContents(of: names[1], to: files[0].bytes)
      let other = await #expect(throws: JournalDamaged.self) { try await Journal.open(renamed) }
      #expect(other?.reason.contains(names[0]) == true)

      let future = Self.disk(image)
      var bytes = files[1].bytes
      bytes.set(littleEndian: UInt32(2), at: 8)
      bytes.set(littleEndian: CRC32C.checksum(bytes.prefix(124)), at: 124)
      future.setContents(of: names[1], to: bytes)
      let version = await #expect(throws: JournalDamaged.self) { try await Journal.open(future) }
      #expect(version?.reason.contains("version 2") == true)
    }
  }

  private static func read(
    _ disk: SimulatedDisk
  ) async -> Result<(entries: [Int], cut: Int), JournalDamaged> {
    do {
      let journal = try await Journal.open(disk, policy: .small)
      return .success((try await journal.all().map(\.number), journal.snapshot().cutBytes))
    } catch let error as JournalDamaged {
      return .failure(error)
    } catch {
      return .failure(JournalDamaged(file: "", position: 0, reason: "\(error)"))
    }
  }
}

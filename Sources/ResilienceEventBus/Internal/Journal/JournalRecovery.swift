internal import ResilienceCore

/// Reads what is in a directory, and makes it a journal that can go on.
struct JournalRecovery {
  struct Recovered: Sendable {
    var segments: [Segment]
    var tail: JournalTail
    var cutBytes: Int
  }

  private struct Found: Sendable {
    let header: SegmentHeader
    let file: any StorageFile
    let size: Int
  }

  let directory: any StorageDirectory
  let policy: JournalPolicy
  private var cutBytes = 0

  init(directory: any StorageDirectory, policy: JournalPolicy) {
    self.directory = directory
    self.policy = policy
  }

  mutating func run() async throws -> Recovered {
    let found = try await readHeaders()
    guard let last = found.last else {
      let header = SegmentHeader(
        sequence: 1, firstOffset: 0, salt: CallContext.current.random(), previousEnd: 0,
        latestTimeBefore: UnixTime(nanoseconds: .min))
      let segment = try await Segment.create(header, policy, in: directory)
      let tail = JournalTail(segment, nextOffset: 0, latestTime: header.latestTimeBefore)
      return Recovered(segments: [segment], tail: tail, cutBytes: cutBytes)
    }
    var segments: [Segment] = []
    for (segment, next) in zip(found, found.dropFirst()) {
      segments.append(try closed(segment, before: next))
    }
    let tail =
      if let compacted = last.header.compacted {
        JournalTail(
          segment: Segment(last.header, last.file, end: compacted.end), position: compacted.end,
          syncedThrough: compacted.end, nextOffset: compacted.endOffset, latestTime: compacted.latestTime,
          mustRoll: true)
      } else {
        try await recoverTail(last)
      }
    return Recovered(segments: segments + [tail.segment], tail: tail, cutBytes: cutBytes)
  }

  // MARK: - Headers

  private mutating func readHeaders() async throws -> [Found] {
    let names = try await directory.list()
    for name in names where name.hasSuffix(Segment.temporarySuffix) { try await directory.remove(name) }
    let sequences = names.compactMap(Segment.sequence).sorted()
    var found: [Found] = []
    for sequence in sequences {
      let file = try await directory.open(Segment.name(sequence))
      if let before = found.last, before.header.sequence + 1 != sequence {
        throw JournalDamaged(
          file: file.path, position: 0,
          reason: "the file before it is missing, \(Segment.name(sequence - 1))")
      }
      let size = try await file.size()
      let isLast = sequence == sequences.last
      if let header = try await header(of: file, size, sequence, isLast: isLast) {
        try check(header, after: found.last?.header, file)
        found.append(Found(header: header, file: file, size: size))
      }
    }
    return found
  }

  /// `nil` for a file that was only about to be begun.
  private mutating func header(
    of file: any StorageFile, _ size: Int, _ sequence: Int64, isLast: Bool
  ) async throws -> SegmentHeader? {
    let bytes = try await file.read(at: 0, count: SegmentHeader.bytes)
    do {
      let header = try SegmentHeader(bytes)
      guard header.sequence != sequence else { return header }
      throw JournalDamaged(
        file: file.path, position: 0, reason: "it was written as \(Segment.name(header.sequence))")
    } catch SegmentHeader.Unreadable.version(let version) {
      throw JournalDamaged(
        file: file.path, position: 8, reason: "version \(version) of the format is not known here")
    } catch SegmentHeader.Unreadable.header {}
    guard isLast, try await isEmpty(file, size) else {
      throw JournalDamaged(file: file.path, position: 0, reason: "the header of the file is not readable")
    }
    cutBytes += bytes.contains { $0 != 0 } ? bytes.count : 0
    try await directory.remove(Segment.name(sequence))
    try await directory.syncDirectory()
    return nil
  }

  /// Whether nothing was ever written behind the header.
  private func isEmpty(_ file: any StorageFile, _ size: Int) async throws -> Bool {
    var position = SegmentHeader.bytes
    while position < size {
      let piece = try await file.read(at: position, count: 1 << 20)
      guard piece.allSatisfy({ $0 == 0 }) else { return false }
      position += max(1, piece.count)
    }
    return true
  }

  private func check(
    _ header: SegmentHeader, after before: SegmentHeader?, _ file: any StorageFile
  ) throws {
    guard header.firstOffset >= before?.firstOffset ?? 0 else {
      throw JournalDamaged(
        file: file.path, position: 0, reason: "it begins with an earlier record than the file before it")
    }
  }

  private func closed(_ segment: Found, before next: Found) throws -> Segment {
    let end = segment.header.compacted?.end ?? next.header.previousEnd
    guard segment.size >= end, end >= SegmentHeader.bytes else {
      throw JournalDamaged(
        file: segment.file.path, position: segment.size,
        reason: "the file has \(segment.size) bytes, and had \(end)")
    }
    return Segment(segment.header, segment.file, end: end)
  }

  // MARK: - The last segment

  private mutating func recoverTail(_ last: Found) async throws -> JournalTail {
    let tail = try await TailRecovery(file: last.file, header: last.header, size: last.size)
      .run(indexStep: policy.indexStepBytes)
    // What reads show may never have reached the disk, after a sync that failed.
    try await last.file.rewrite(0..<SegmentHeader.bytes)
    try await last.file.rewrite(tail.syncedThrough..<tail.end)
    try await last.file.rewrite(tail.end..<tail.usedEnd, asZeros: true)
    // A full disk keeps no reader out: what is missing is missed when it is written.
    if last.size < policy.segmentBytes { try? await last.file.preallocate(policy.segmentBytes) }
    try await last.file.sync()
    // Its name may be no more than in the operating system's memory.
    try await directory.syncDirectory()
    cutBytes += tail.usedEnd - tail.end
    let segment = Segment(last.header, last.file, end: tail.end, index: tail.index)
    return JournalTail(
      segment: segment, position: tail.end, syncedThrough: tail.end, nextOffset: tail.endOffset,
      latestTime: tail.latestTime)
  }
}

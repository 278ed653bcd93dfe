internal import ResilienceCore

extension Journal {
  /// Begins a new segment, and has the tail there.
  nonisolated(nonsending) func roll(_ tail: inout JournalTail) async throws(JournalWriteFailed) {
    // Its end will stand in the next header, and must be there then.
    try await syncWritten(&tail)
    let header = SegmentHeader(
      sequence: tail.segment.header.sequence + 1, firstOffset: tail.nextOffset,
      salt: CallContext.current.random(), previousEnd: tail.position, latestTimeBefore: tail.latestTime)
    let segment = try await begin(header) { tail.mustRoll = true }
    let old = tail.segment
    tail = JournalTail(segment, nextOffset: tail.nextOffset, latestTime: tail.latestTime)
    changeSegments { $0 + [segment] }
    tell(.segmentRolled(segment: header.sequence))
    // What was set aside and not used, or is not trusted. It is only room: an error changes nothing.
    try? await old.file.truncate(old.end)
    if maintenance.tryTake() {
      defer { maintenance.give() }
      await retain()
    }
  }

  /// - Parameter headerIsWritten: Called when others may find the header: the segment before it must not go
  ///   on after that.
  private nonisolated(nonsending) func begin(
    _ header: SegmentHeader, headerIsWritten: () -> Void
  ) async throws(JournalWriteFailed) -> Segment {
    do throws(StorageError) {
      return try await Segment.create(header, policy, in: directory, headerIsWritten: headerIsWritten)
    } catch {
      // It is in the way of nothing, as it holds nothing; the next try removes it else.
      try? await directory.remove(Segment.name(header.sequence))
      throw failed(error.operation == .sync ? .syncFailed(error) : .writeFailed(error), error)
    }
  }
}

extension JournalTail {
  init(_ segment: Segment, nextOffset: Int64, latestTime: UnixTime) {
    self.init(
      segment: segment, position: SegmentHeader.bytes, syncedThrough: SegmentHeader.bytes,
      nextOffset: nextOffset, latestTime: latestTime)
  }
}

extension Segment {
  /// A new file with a header, both durable.
  static func create(
    _ header: SegmentHeader, _ policy: JournalPolicy, in directory: any StorageDirectory,
    headerIsWritten: () -> Void = {}
  ) async throws(StorageError) -> Segment {
    let file = try await newFile(name(header.sequence), in: directory)
    try await file.preallocate(policy.segmentBytes)
    headerIsWritten()
    try await file.write(header.encoded, at: 0)
    try await file.sync()
    try await directory.syncDirectory()
    let index = SparseIndex(
      step: policy.indexStepBytes, capacity: min(4096, policy.segmentBytes / policy.indexStepBytes + 2))
    return Segment(header, file, end: SegmentHeader.bytes, index: index)
  }

  /// An empty file, in the place of what an earlier try may have left.
  static func newFile(
    _ name: String, in directory: any StorageDirectory
  ) async throws(StorageError) -> any StorageFile {
    do throws(StorageError) {
      return try await directory.create(name)
    } catch {
      guard error.reason == .exists else { throw error }
      try await directory.remove(name)
      return try await directory.create(name)
    }
  }
}

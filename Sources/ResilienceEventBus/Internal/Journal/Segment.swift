internal import ResilienceCore

/// One file of a journal.
final class Segment: Sendable {
  struct Progress: Sendable {
    /// Up to where readers read, in bytes.
    var end: Int
    var index: SparseIndex?
  }

  let header: SegmentHeader
  let name: String
  let file: any StorageFile
  let progress: Lock<Progress>

  init(_ header: SegmentHeader, _ file: any StorageFile, end: Int, index: SparseIndex? = nil) {
    self.header = header
    name = Self.name(header.sequence)
    self.file = file
    progress = Lock(Progress(end: end, index: index))
  }

  var end: Int { progress.withLock { $0.end } }

  // MARK: - Names

  private static let suffix = ".segment"
  static let temporarySuffix = ".compacting"

  static func name(_ sequence: Int64) -> String {
    let digits = String(sequence, radix: 16)
    return String(repeating: "0", count: max(0, 16 - digits.count)) + digits + suffix
  }

  static func temporaryName(_ sequence: Int64) -> String { name(sequence) + temporarySuffix }

  static func sequence(of name: String) -> Int64? {
    guard name.hasSuffix(suffix), let sequence = Int64(name.dropLast(suffix.count), radix: 16),
      Self.name(sequence) == name
    else { return nil }
    return sequence
  }
}

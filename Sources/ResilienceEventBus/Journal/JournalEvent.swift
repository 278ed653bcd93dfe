public import ResilienceCore

/// Something that happened to a journal's files.
public struct JournalEvent: ResilienceEvent, Hashable {
  /// What happened.
  public enum Kind: Sendable, Hashable {
    /// The journal was opened, and holds the records from one offset up to another one. So many bytes at the
    /// end had not been written whole before a crash, and were cut: 0 after a crash between two writes, and
    /// after a close.
    case recovered(from: Int64, to: Int64, cutBytes: Int)

    /// A file was full, or not to be trusted any more, and the next one was begun.
    case segmentRolled(segment: Int64)

    /// So many files were removed; the journal begins at the offset.
    case discarded(segments: Int, firstOffset: Int64)

    /// So many records were taken out, as later ones have their keys, or as they were old tombstones.
    case compacted(records: Int)

    /// Records could not be written; their appends have thrown the error.
    case writeFailed(StorageError)

    /// What was written could not be made durable; a new file follows.
    case syncFailed(StorageError)
  }

  /// What happened.
  public let kind: Kind

  /// The journal's name.
  public let journal: String

  /// Creates an event.
  public init(_ kind: Kind, journal: String) {
    self.kind = kind
    self.journal = journal
  }

  /// `journal.` and the kind, such as `journal.recovered`.
  public var name: String {
    switch kind {
    case .recovered: "journal.recovered"
    case .segmentRolled: "journal.segment_rolled"
    case .discarded: "journal.discarded"
    case .compacted: "journal.compacted"
    case .writeFailed: "journal.write_failed"
    case .syncFailed: "journal.sync_failed"
    }
  }

  /// The journal's name, then what the kind adds.
  public var attributes: [EventAttribute] {
    [EventAttribute("journal", .string(journal))] + details
  }

  private var details: [EventAttribute] {
    switch kind {
    case .recovered(let first, let end, let cut):
      [
        EventAttribute("first_offset", .integer(first)), EventAttribute("end_offset", .integer(end)),
        EventAttribute("cut_bytes", .integer(Int64(cut))),
      ]
    case .segmentRolled(let segment): [EventAttribute("segment", .integer(segment))]
    case .discarded(let segments, let first):
      [
        EventAttribute("segments", .integer(Int64(segments))),
        EventAttribute("first_offset", .integer(first)),
      ]
    case .compacted(let records): [EventAttribute("records", .integer(Int64(records)))]
    case .writeFailed(let error), .syncFailed(let error):
      [EventAttribute("error", .string("\(error)"))]
    }
  }
}

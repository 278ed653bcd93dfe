public import ResilienceCore

/// What is appended to a ``Journal``: bytes, with a key by choice and a time.
public struct JournalRecord: Sendable, Hashable {
  /// What the record is about, for ``Journal/compact(keepingTombstonesFor:)``; `nil` for none. May be empty.
  public var key: [UInt8]?

  /// When it happened, for ``Journal/offset(at:)`` and for retention by age.
  public var time: UnixTime

  /// The bytes. A record with a key and no bytes is a tombstone: it says that there is nothing any more
  /// under its key.
  public var payload: [UInt8]

  /// Creates a record.
  ///
  /// - Parameters:
  ///   - payload: The bytes; empty for a tombstone.
  ///   - key: Default: none.
  ///   - time: Default: now, by the wall clock of the context.
  public init(_ payload: [UInt8], key: [UInt8]? = nil, time: UnixTime? = nil) {
    self.payload = payload
    self.key = key
    self.time = time ?? CallContext.current.clock.unixTime
  }

  /// Whether it only says that there is nothing any more under its key.
  public var isTombstone: Bool { key != nil && payload.isEmpty }
}

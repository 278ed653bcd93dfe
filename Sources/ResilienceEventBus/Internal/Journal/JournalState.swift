internal import ResilienceCore

/// What changes in a journal. Whoever writes (see ``Journal/lead()``) is the only one that changes the tail.
struct JournalState {
  /// Appends that wait; what was taken and did not fit is before them.
  var queue = FIFO<PendingAppend>()
  var backlog = FIFO<PendingAppend>()
  var isCommitting = false
  var isClosed = false
  var segments: SegmentList
  var tail: JournalTail
  var endOffset: Int64
  var counts = Counts()

  struct Counts {
    var appended = 0
    var commits = 0
    var failures = 0
    var cutBytes = 0
  }
}

/// Where the next batch goes.
struct JournalTail: Sendable {
  var segment: Segment
  var position: Int
  var syncedThrough: Int
  var nextOffset: Int64
  var latestTime: UnixTime
  /// Nothing is written any more to a segment of which a sync has failed.
  var mustRoll = false
}

/// All segments, the oldest first; changed outside the lock, and exchanged within it.
struct SegmentList: Sendable {
  var segments: [Segment]
  var version = 0

  /// The segment that has the offset, or the first.
  func index(of offset: Int64) -> Int {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].header.firstOffset <= offset { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }
}

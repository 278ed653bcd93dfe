internal import ResilienceCore

/// Instants at which a registration wants to be looked at: a binary heap.
///
/// An entry that is not wanted any more stays until its instant, or until ``compact(_:)``: whoever takes it
/// out sees that its registration is gone or has another instant.
struct DeadlineHeap {
  struct Entry: BitwiseCopyable {
    let instant: Instant
    let epoch: UInt64
  }

  private var entries: [Entry] = []

  var count: Int { entries.count }

  /// The earliest instant; never if there is none.
  var earliest: Instant { entries.first?.instant ?? Deadline.never.instant }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var index = entries.count - 1
    while index > 0, entry.instant < entries[(index - 1) / 2].instant {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the earliest entry out if its instant has come.
  mutating func pop(at now: Instant) -> Entry? {
    guard let first = entries.first, first.instant <= now else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink()
    }
    return first
  }

  /// Keeps the entries that are wanted.
  mutating func compact(_ isWanted: (Entry) -> Bool) {
    let wanted = entries.filter(isWanted)
    entries = []
    wanted.forEach { push($0) }
  }

  private mutating func sink() {
    var index = 0
    while true {
      var least = 2 * index + 1
      guard least < entries.count else { return }
      if least + 1 < entries.count, entries[least + 1].instant < entries[least].instant { least += 1 }
      guard entries[least].instant < entries[index].instant else { return }
      entries.swapAt(index, least)
      index = least
    }
  }
}

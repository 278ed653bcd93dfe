internal import Resilience

/// The events of one partition that a consumer has read and not settled, in their order. Pure.
struct PartitionState {
  struct Entry {
    let offset: Int64
    let event: EncodedEvent
    let history: [DeadLetter.Death]
    var deliveries: Int
    var receipt: UInt64?
    var isSettling = false
  }

  /// As many as the metadata of a commit can say.
  private static let mostDeliveries = 1 << 40

  private(set) var entries: [Entry] = []
  private(set) var held = 0
  /// Behind the last that was read: what comes before it is of a log that was made anew.
  private(set) var next: Int64
  /// What an earlier consumer has left, and was not read again yet.
  private var left: [Int64: Int]
  private var leftEnd: Int64
  var isDraining = false
  var isPaused = false

  init(_ progress: PartitionProgress) {
    next = progress.base
    left = Dictionary(progress.unsettled.map { ($0.offset, $0.deliveries) }) { first, _ in first }
    leftEnd = max(progress.end, progress.base)
  }

  var progress: PartitionProgress {
    let rest = left.filter { $0.key >= next }.sorted { $0.key < $1.key }
    return PartitionProgress(
      base: entries.first?.offset ?? next, end: max(next, leftEnd),
      unsettled: entries.map { ($0.offset, $0.deliveries) } + rest.map { ($0.key, $0.value) })
  }

  /// - Parameter event: `nil` for one that the group does not get.
  mutating func add(
    _ event: @autoclosure () -> (event: EncodedEvent, history: [DeadLetter.Death])?, at offset: Int64
  ) {
    guard offset >= next else { return }
    next = offset + 1
    let deliveries = left.removeValue(forKey: offset)
    if offset < leftEnd, deliveries == nil { return }
    guard let event = event() else { return }
    entries.append(
      Entry(offset: offset, event: event.event, history: event.history, deliveries: deliveries ?? 0))
  }

  /// Up to where an earlier consumer has read, as long as that was not read again.
  var readBefore: Int64? { leftEnd > next ? leftEnd : nil }

  /// What an earlier consumer has read is gone: nothing of what is there now was settled.
  mutating func forgetWhatWasReadBefore() {
    left = [:]
    leftEnd = next
  }

  mutating func with<Value>(_ body: (inout PartitionState) -> Value) -> Value { body(&self) }

  /// Hands out what nobody holds.
  mutating func take(_ limit: Int, receipt: () -> UInt64) -> [Entry] {
    guard !isDraining, limit > 0, held < entries.count else { return [] }
    var taken: [Entry] = []
    for index in entries.indices where entries[index].receipt == nil {
      entries[index].receipt = receipt()
      taken.append(entries[index])
      entries[index].deliveries += 1
      held += 1
      if taken.count == limit { break }
    }
    return taken
  }

  private func index(of offset: Int64, _ receipt: UInt64) -> Int? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].offset == offset && entries[low].receipt == receipt ? low : nil
  }

  /// - Returns: The event, unless the receipt is stale or another settlement has it.
  mutating func claim(_ offset: Int64, _ receipt: UInt64) -> EncodedEvent? {
    guard let index = index(of: offset, receipt), !entries[index].isSettling else { return nil }
    entries[index].isSettling = true
    return entries[index].event
  }

  mutating func unclaim(_ offset: Int64, _ receipt: UInt64) {
    guard let index = index(of: offset, receipt) else { return }
    entries[index].isSettling = false
  }

  mutating func settle(_ offset: Int64, _ receipt: UInt64) {
    guard let index = index(of: offset, receipt) else { return }
    entries.remove(at: index)
    held -= 1
  }

  mutating func giveBack(_ offset: Int64, _ receipt: UInt64, deliveries: Int) {
    guard let index = index(of: offset, receipt) else { return }
    entries[index].receipt = nil
    entries[index].isSettling = false
    entries[index].deliveries = min(max(0, deliveries), Self.mostDeliveries)
    held -= 1
  }
}

internal import ResilienceCore

/// What waits to be sent, and who waits for it: the state of a ``SpanReporter``.
struct ReportQueue {
  enum Entry: Sendable {
    case span(SpanRecord)
    case note(SpanNote)
  }

  private static let chunkSize = 256

  private let maxQueued: Int
  private let maxBatch: Int
  // In chunks, so that growing copies none of it while the lock is held.
  private var full: [[Entry]] = []
  private var current: [Entry] = []
  private var waiter: Waiter?
  private var waitsForBatch = false
  private(set) var isFinishing = false
  private(set) var droppedSpans = 0
  private(set) var droppedNotes = 0

  init(_ policy: ReportPolicy) {
    maxQueued = policy.maxQueued
    maxBatch = policy.maxBatch
  }

  var count: Int { full.count * Self.chunkSize + current.count }

  /// - Returns: Whom to wake, outside the lock.
  mutating func append(_ entry: Entry) -> Waiter? {
    guard count < maxQueued else {
      if case .span = entry { droppedSpans += 1 } else { droppedNotes += 1 }
      return nil
    }
    if current.isEmpty { current.reserveCapacity(Self.chunkSize) }
    current.append(entry)
    if current.count == Self.chunkSize {
      full.append(current)
      current = []
    }
    return waitsForBatch && count < min(maxBatch, maxQueued) ? nil : takeWaiter()
  }

  mutating func finish() -> Waiter? {
    isFinishing = true
    return takeWaiter()
  }

  private mutating func takeWaiter() -> Waiter? {
    defer { waiter = nil }
    return waiter
  }

  /// Lets `newWaiter` be woken by the first entry, or by a full batch.
  ///
  /// - Returns: Whether there is nothing to wait for.
  mutating func wait(_ newWaiter: Waiter, forBatch: Bool) -> Bool {
    if isFinishing || count >= (forBatch ? min(maxBatch, maxQueued) : 1) { return true }
    waiter = newWaiter
    waitsForBatch = forBatch
    return false
  }

  mutating func takeAll() -> [[Entry]] {
    defer {
      full = []
      current = []
    }
    return full + [current]
  }
}

/// Which of the calls that wait at equal priority goes in first.
public enum BulkheadOrder: String, Sendable, Hashable, CaseIterable, Codable {
  /// First come, first served: fair. In a long overload everybody waits as long as the queue is.
  case fifo

  /// The newest first: in a long overload some are served at once, and those that have waited longest, whose
  /// callers are the likeliest to have left, are turned away.
  case lifo
}

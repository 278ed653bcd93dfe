/// Calls, as a bulkhead counts them.
struct BulkheadCounts: Sendable {
  private(set) var waited = 0
  private(set) var rejected = 0
  private(set) var cancelled = 0

  mutating func add(_ snapshot: BulkheadSnapshot) {
    waited &+= snapshot.waited
    rejected &+= snapshot.rejected
    cancelled &+= snapshot.cancelled
  }
}

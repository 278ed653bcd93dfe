/// Permits and calls, as a limiter counts them.
struct QuotaCounts: Sendable {
  var acquired = 0
  var refused = 0
  var refunded = 0

  mutating func add(_ other: QuotaCounts) {
    acquired &+= other.acquired
    refused &+= other.refused
    refunded &+= other.refunded
  }
}

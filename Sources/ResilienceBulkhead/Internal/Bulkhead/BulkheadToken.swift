public import ResilienceCore

/// What a call inside a bulkhead holds, without a reference.
@usableFromInline
struct BulkheadToken: Sendable, BitwiseCopyable {
  @usableFromInline let weight: Int

  /// What was inside when it had entered, itself included; 0 when nobody learns from it.
  @usableFromInline let inUse: Int

  @usableFromInline let enteredAt: Instant

  @inlinable
  init(weight: Int) {
    self.weight = weight
    inUse = 0
    enteredAt = Instant(nanoseconds: 0)
  }

  init(weight: Int, inUse: Int, enteredAt: Instant) {
    self.weight = weight
    self.inUse = inUse
    self.enteredAt = enteredAt
  }

  var isMeasured: Bool { inUse > 0 }
}

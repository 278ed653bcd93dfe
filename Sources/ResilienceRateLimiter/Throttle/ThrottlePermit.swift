/// A call that a throttle let through; goes to ``AdaptiveThrottle/record(_:of:)`` when the call has ended.
public struct ThrottlePermit: Sendable, Hashable, BitwiseCopyable {
  @usableFromInline let step: Int64

  @inlinable
  init(step: Int64) {
    self.step = step
  }
}

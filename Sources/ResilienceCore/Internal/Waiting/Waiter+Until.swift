extension Waiter {
  /// Waits for a grant, a cancellation, or `instant`, when `action` is done.
  ///
  /// - Parameters:
  ///   - instant: `nil`, and that of ``Deadline/never``, for none.
  ///   - action: Default: grants the waiter.
  @inlinable
  @inline(__always)
  @discardableResult
  package func wait(
    until instant: Instant?, on clock: any ResilienceClock, isolation: isolated (any Actor)? = #isolation,
    then action: (@Sendable () -> Void)? = nil
  ) async -> Resolution {
    guard let instant, instant != Deadline.never.instant else { return await wait() }
    let timer = clock.schedule(at: instant, action ?? { self.grant() })
    defer { clock.cancel(timer) }
    return await wait()
  }
}

internal import ResilienceCore

extension Waiter {
  /// Waits for a grant, a cancellation, or `instant`, which counts as a grant.
  @discardableResult
  func wait(
    until instant: Instant, on clock: any ResilienceClock, isolation: isolated (any Actor)? = #isolation
  ) async -> Resolution {
    guard instant != Deadline.never.instant else { return await wait() }
    let token = clock.schedule(at: instant) { self.grant() }
    defer { clock.cancel(token) }
    return await wait()
  }
}

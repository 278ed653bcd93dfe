public import ResilienceCore

extension CircuitBreaker {
  /// Creates a breaker that goes on where another one was, such as that of the process before.
  ///
  /// - Parameters:
  ///   - name: Names the destination; see ``init(_:policy:onEvent:)``.
  ///   - policy: When it opens, for how long, and what closes it again.
  ///   - saved: What the other one was.
  ///   - onEvent: Is told of what it is, and of every change; see ``init(_:policy:onEvent:)``.
  public convenience init(
    _ name: String, policy: CircuitBreakerPolicy = CircuitBreakerPolicy(),
    restoring saved: CircuitBreakerSavedState, onEvent: (@Sendable (CircuitBreakerEvent) -> Void)? = nil
  ) {
    self.init(name, policy: policy, onEvent: onEvent)
    restore(saved)
  }

  /// What the breaker is, to be kept; makes, and reports, the changes that are due.
  public func savedState() -> CircuitBreakerSavedState {
    let context = CallContext.current
    return savedState(at: context.readClock(), unixTime: context.clock.unixTime)
  }

  /// What the breaker is at `now`, to be kept.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - unixTime: The same by the wall clock, which the process that reads it has too.
  public func savedState(at now: Instant, unixTime: UnixTime) -> CircuitBreakerSavedState {
    operate(at: now) { machine in
      let changes = machine.advance(to: now)
      return (machine.savedState(at: now, unixTime: unixTime), changes)
    }
  }

  /// Goes on where another breaker was, by its own policy: its state, what is left of that, and what its open
  /// time has grown by.
  ///
  /// What it was before is forgotten, its window too; results of calls that were admitted before are stale.
  /// An update of the policy does not change the end of an opening that was restored.
  public func restore(_ saved: CircuitBreakerSavedState) {
    let context = CallContext.current
    restore(saved, at: context.readClock(), unixTime: context.clock.unixTime)
  }

  /// Goes on where another breaker was; see ``restore(_:)``.
  public func restore(_ saved: CircuitBreakerSavedState, at now: Instant, unixTime: UnixTime) {
    operate(at: now) { machine in ((), machine.restore(saved, at: now, unixTime: unixTime)) }
  }
}

extension Simulation {
  /// Throws when `condition` does not hold: an oracle's way to fail, from any test library or none.
  ///
  /// - Parameters:
  ///   - condition: What must hold.
  ///   - message: What it means when it does not.
  /// - Throws: ``Violation``.
  public func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(message: message(), instant: now, step: stepCount) }
  }

  /// Ends the run with a ``Violation`` as soon as `condition` does not hold.
  ///
  /// It is asked after every job and every timer, between which no task is in the middle of anything but an
  /// `await`, so that a mistake is seen at the step that made it and not when its consequence shows.
  ///
  /// ```swift
  /// simulation.always("the balance is never negative") { account.balance >= 0 }
  /// ```
  ///
  /// - Parameters:
  ///   - message: What must hold.
  ///   - condition: Whether it does. Runs on the simulation's thread, outside every task; should be short.
  public func always(_ message: String, _ condition: @escaping @Sendable () -> Bool) {
    invariants.add(message, condition)
  }

  /// Ends the run with a ``Violation`` when `condition` has not held at least once within `duration`.
  ///
  /// It is asked after every job and every timer. A run whose body returns before it has held fails as well.
  ///
  /// ```swift
  /// simulation.eventually("the order is shipped", within: .seconds(5)) { orders.isShipped(7) }
  /// ```
  ///
  /// - Parameters:
  ///   - message: What must come to hold.
  ///   - duration: Virtual time from now, zero or more; its end still counts.
  ///   - condition: Whether it holds. Runs on the simulation's thread, outside every task; should be short.
  public func eventually(
    _ message: String, within duration: Duration, _ condition: @escaping @Sendable () -> Bool
  ) {
    precondition(
      duration >= .zero, "the time for \"\(message)\" must be zero or more, was \(duration)")
    invariants.addGoal(message, until: now.advanced(by: duration), condition)
  }
}

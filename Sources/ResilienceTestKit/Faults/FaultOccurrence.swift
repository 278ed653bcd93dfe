public import ResilienceCore

/// One fault of a ``FaultPlan``, with the time at which the seed has it happen.
public struct FaultOccurrence: Sendable, Hashable, CustomStringConvertible {
  /// Its number within the run, from 0: how ``Simulation/replay(seed:_:faults:_:)`` names it.
  public let number: Int

  /// The name of the ``PlannedFault``.
  public let name: String

  /// When it begins.
  public let instant: Instant

  /// How long it lasts; zero for one that happens once.
  public let duration: Duration

  /// The number, the name and the time on one line: `fault 2: partition shop, payment at 12.5s for 3.0s`.
  public var description: String {
    "fault \(number): \(name) at \(instant)" + (duration > .zero ? " for \(duration.delayText)" : "")
  }
}

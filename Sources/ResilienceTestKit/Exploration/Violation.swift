public import ResilienceCore

/// Something that must hold in a simulation did not; see ``Simulation/require(_:_:)``,
/// ``Simulation/always(_:_:)`` and ``Simulation/eventually(_:within:_:)``.
public struct Violation: Error, Hashable, CustomStringConvertible {
  /// What it means.
  public let message: String

  /// The virtual instant.
  public let instant: Instant

  /// After how many steps of the run; see ``ScheduleStep/number``.
  public let step: Int

  /// The message, the instant and the step.
  public var description: String { "\(message) (at \(instant), step \(step))" }
}

public import ResilienceCore

/// Something that must hold in a simulation did not; see ``Simulation/require(_:_:)``.
public struct Violation: Error, Hashable, CustomStringConvertible {
  /// What it means.
  public let message: String

  /// The virtual instant.
  public let instant: Instant

  /// The message and the instant.
  public var description: String { "\(message) (at \(instant))" }
}

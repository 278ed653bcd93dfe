/// A run that failed, and how to see it again.
public struct ExplorationFailure: Error, CustomStringConvertible {
  /// How to make the same run again, in the same build of the same program.
  public enum Replay: Sendable, Hashable {
    /// `Simulation(seed:).run`
    case seed(UInt64)
    /// `Simulation.replay(_:_:)`
    case decisions([Int])
  }

  /// How to make the same run again.
  public let replay: Replay

  /// What the run failed with.
  public let error: any Error

  /// How many runs were made, this one included.
  public let runs: Int

  /// The error, and the line that replays it.
  public var description: String {
    let line =
      switch replay {
      case .seed(let seed): "Simulation(seed: \(seed)).run"
      case .decisions(let decisions): "Simulation.replay(\(decisions))"
      }
    return "run \(runs) failed: \(error)\nreplay it in a \(SimulationError.build) build: \(line)"
  }
}

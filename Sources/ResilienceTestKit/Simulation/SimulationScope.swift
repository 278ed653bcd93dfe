/// What of Swift's runtime a simulation holds on this platform, with this toolchain and this way of
/// linking.
///
/// What is held runs on the thread that drives, in the order of the seed and under virtual time, in code
/// that does not know of the simulation. What is not held is as it always was: code takes clock, chance and
/// executor from `CallContext.current`, and a job that comes back from another thread is reported.
public struct SimulationScope: OptionSet, Sendable, Hashable, CustomStringConvertible {
  /// One bit for each part.
  public let rawValue: Int

  /// Creates a set of parts.
  public init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// Tasks without an executor preference: `Task {}`, `Task.detached`, and the actors that they call.
  public static let tasks = SimulationScope(rawValue: 1)

  /// Jobs of the main actor. Each simulation has its own: two that run at the same time do not exclude each
  /// other.
  public static let mainActor = SimulationScope(rawValue: 2)

  /// Sleeps of Swift's clocks: `Task.sleep`, `ContinuousClock`, `SuspendingClock`.
  public static let sleeps = SimulationScope(rawValue: 4)

  /// `Task.yield()`.
  public static let yields = SimulationScope(rawValue: 8)

  /// What reads the time: Swift's clocks, Foundation's `Date()`, `clock_gettime`, `gettimeofday`, `time`.
  public static let clocks = SimulationScope(rawValue: 16)

  /// `SystemRandomNumberGenerator`, and with it `Int.random(in:)`, `shuffled()`; `UUID()` unless the
  /// standard library is linked statically.
  public static let randomness = SimulationScope(rawValue: 32)

  /// The parts by name, such as `tasks, sleeps`; `nothing` for none.
  public var description: String {
    let names: [(SimulationScope, String)] = [
      (.tasks, "tasks"), (.mainActor, "main actor"), (.sleeps, "sleeps"), (.yields, "yields"),
      (.clocks, "clocks"), (.randomness, "randomness"),
    ]
    let held = names.filter { contains($0.0) }.map(\.1)
    return held.isEmpty ? "nothing" : held.joined(separator: ", ")
  }
}

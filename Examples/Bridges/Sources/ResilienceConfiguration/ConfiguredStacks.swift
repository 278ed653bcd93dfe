public import Configuration
public import Resilience
public import ServiceLifecycle
internal import Synchronization

/// The stacks of all that a service calls, by name, from swift-configuration, and kept as the configuration
/// has them.
///
/// ```swift
/// let file = try await ReloadingFileProvider<JSONSnapshot>(
///   filePath: "config.json", pollInterval: .milliseconds(500))
/// let config = ConfigReader(providers: [EnvironmentVariablesProvider(), file])
/// let stacks = try ConfiguredStacks(config.scoped(to: "resilience"), names: ["payment", "stock"])
///
/// let charge = ServiceCall("charge") { … }.standardStack(stacks["payment"])
/// let group = ServiceGroup(services: [file, stacks, server], logger: logger)
/// ```
///
/// ```json
/// { "resilience": { "payment": { "deadline": "5s", "retry": { "maxAttempts": 4 } } } }
/// ```
///
/// The same value by environment is `RESILIENCE_PAYMENT_RETRY_MAX_ATTEMPTS=4`. The keys are the fields of
/// `StandardStackPolicy` as a document; what no provider has is the default.
///
/// A change keeps what is counted: the breaker's results and state, what the limit is owed, who is inside the
/// bulkhead. A configuration with a wrong value changes nothing, in no stack, and ``lastRefusal`` names the
/// key. A key that is spelt otherwise is not found out: a provider tells only what it is asked for.
public final class ConfiguredStacks: Service {
  /// The names of the stacks.
  public let names: [String]

  private let reader: ConfigReader
  private let stacks: StandardStacks
  private let onRefusal: @Sendable (InvalidSetting) -> Void
  private let refusal = Mutex<InvalidSetting?>(nil)

  /// Reads the policies, and makes the stacks.
  ///
  /// - Parameters:
  ///   - reader: Where the names are the first part of the keys.
  ///   - names: The stacks: constants of the program.
  ///   - onRefusal: Is told of a change that was refused, in the task of ``run()``. Default: nobody is told.
  /// - Throws: `InvalidSetting` for the first value that is wrong.
  public init(
    _ reader: ConfigReader, names: [String],
    onRefusal: @escaping @Sendable (InvalidSetting) -> Void = { _ in }
  ) throws {
    self.reader = reader
    self.names = names
    self.onRefusal = onRefusal
    stacks = StandardStacks(try Self.policies(reader.snapshot(), names))
  }

  /// The stack of a destination: the same one each time.
  ///
  /// - Parameter name: One of ``names``; another has the default policy, whatever the configuration says.
  public subscript(name: String) -> StandardStack { stacks[name] }

  /// What was wrong with the last configuration that was seen; `nil` when it holds.
  public var lastRefusal: InvalidSetting? { refusal.withLock { $0 } }

  /// Takes over each change, until the task is cancelled or the group shuts down.
  ///
  /// The providers decide when a change is seen: one that reads a file, at its next poll.
  public func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await self.reader.watchSnapshot { updates in
        for await snapshot in updates { self.apply(snapshot) }
      }
    }
  }

  /// Reads the configuration once more, at once.
  ///
  /// - Throws: `InvalidSetting` for the first value that is wrong; then nothing has changed.
  public func reload() throws {
    if let wrong = apply(reader.snapshot()) { throw wrong }
  }

  @discardableResult
  private func apply(_ snapshot: ConfigSnapshotReader) -> InvalidSetting? {
    do {
      stacks.update(try Self.policies(snapshot, names))
      refusal.withLock { $0 = nil }
      return nil
    } catch {
      let before = refusal.withLock { refusal in
        defer { refusal = error }
        return refusal
      }
      // Each thing that is wrong is told once, however often the file is read.
      if before != error { onRefusal(error) }
      return error
    }
  }

  private static func policies(
    _ snapshot: ConfigSnapshotReader, _ names: [String]
  ) throws(InvalidSetting) -> [String: StandardStackPolicy] {
    var policies: [String: StandardStackPolicy] = [:]
    for name in names {
      policies[name] = try snapshot.policy(StandardStackPolicy.self, forKey: ConfigKey(name))
    }
    return policies
  }
}

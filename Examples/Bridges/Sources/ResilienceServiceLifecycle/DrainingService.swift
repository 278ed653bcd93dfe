internal import ResilienceCore
public import ServiceLifecycle

/// Something of the toolkit's that runs, as a `Service` of swift-service-lifecycle.
///
/// ```swift
/// let group = ServiceGroup(
///   services: [reporter.service(), bus.service(), server], gracefulShutdownSignals: [.sigterm],
///   logger: logger)
/// ```
///
/// A group shuts its services down from the last one to the first, each when the one behind it has ended:
/// list the server last, so that it stops taking requests before what it uses drains.
///
/// It is a wrapper, and not a conformance of `EventBus` and the others: their `run()` ends by cancellation
/// and knows of no graceful shutdown, so that a group would wait for it in vain; and a conformance of a type
/// of one package to a protocol of another (`@retroactive`) is one for the whole process, which two packages
/// may declare.
public struct DrainingService: Service {
  /// What runs, for logs: such as `event bus shop`.
  public let name: String

  private let body: @Sendable () async throws -> Void
  private let drain: (@Sendable () async -> Void)?

  /// Creates a service.
  ///
  /// - Parameters:
  ///   - name: What runs.
  ///   - body: The work.
  ///   - drain: Is called when the group shuts down gracefully, and has `body` return. Default: `body` is
  ///     cancelled.
  public init(
    _ name: String, run body: @escaping @Sendable () async throws -> Void,
    drain: (@Sendable () async -> Void)? = nil
  ) {
    self.name = name
    self.body = body
    self.drain = drain
  }

  /// Runs it until it ends by itself, until the task is cancelled, or until a graceful shutdown, after which
  /// it returns.
  ///
  /// - Throws: `CancellationError` when the task is cancelled without a graceful shutdown; else what the work
  ///   throws.
  public func run() async throws {
    enum End { case work, shutDown }
    // Children, both: whichever ends first ends the other, and neither outlives the service.
    try await withThrowingTaskGroup(of: End.self) { group in
      group.addTask { [body] in
        do {
          try await body()
        } catch is CancellationError where Task.isShuttingDownGracefully {
          // That is how the work ends.
        }
        return .work
      }
      group.addTask {
        // Cancelled when the work has ended.
        try? await gracefulShutdown()
        return .shutDown
      }
      while let end = try await group.next() {
        if end == .work { break }
        guard Task.isShuttingDownGracefully, let drain else {
          group.cancelAll()
          continue
        }
        await drain()
      }
      group.cancelAll()
    }
  }
}

extension DrainingService: CustomStringConvertible {
  /// What runs.
  public var description: String { name }
}

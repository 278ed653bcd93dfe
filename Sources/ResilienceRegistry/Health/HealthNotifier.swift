internal import ResilienceCore

/// Tells an operator when the instances of a service change: each change once, and many at a time in one
/// notice.
///
/// The owner runs it:
///
/// ```swift
/// let notifier = HealthNotifier(registry, service: "inventory") { notice in
///   await pager.send(notice.description)
/// }
/// try await notifier.run()
/// ```
///
/// A notice compares the service with how it was at the last one. What has changed and changed back in
/// between is not told, so that an instance that flaps sends no flood. The first notice is of the first
/// change after the start.
public struct HealthNotifier: Sendable {
  /// The shortest time between two notices.
  public let minInterval: Duration

  private let registry: ServiceRegistry
  private let service: String
  private let notify: @Sendable (HealthNotice) async -> Void

  /// Creates a notifier; ``run()`` starts it.
  ///
  /// - Parameters:
  ///   - registry: Where the instances are listed.
  ///   - service: The name of the service; not empty.
  ///   - minInterval: The shortest time between two notices; 0 or less for none. Default: 10 s, an interval
  ///     of checks.
  ///   - notify: Is told. While it runs, changes gather for the next notice.
  public init(
    _ registry: ServiceRegistry, service: String, minInterval: Duration = .seconds(10),
    _ notify: @escaping @Sendable (_ notice: HealthNotice) async -> Void
  ) {
    precondition(!service.isEmpty, "a service's name must not be empty, was \"\(service)\"")
    self.registry = registry
    self.service = service
    self.minInterval = minInterval
    self.notify = notify
  }

  /// Watches until cancelled.
  ///
  /// - Throws: `CancellationError` when its task is cancelled.
  public func run() async throws {
    let clock = CallContext.current.clock
    var told: ServiceSnapshot?
    for await snapshot in registry.watch(service) {
      guard let before = told else {
        told = snapshot
        continue
      }
      guard let notice = HealthNotice(from: before, to: snapshot) else { continue }
      told = snapshot
      await notify(notice)
      try await clock.sleep(for: minInterval)
    }
    throw CancellationError()
  }
}

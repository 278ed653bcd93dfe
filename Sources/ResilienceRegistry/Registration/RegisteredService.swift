/// A service by its name: where its callers begin.
///
/// ```swift
/// let stock = registry.service("inventory").balanced(.powerOfTwoChoices) { instance in
///   ServiceCall("stock") { (sku: String) in try await client.stock(of: sku, at: instance.address) }
/// }
/// .retry(RetryPolicy(maxAttempts: 3))
/// ```
public struct RegisteredService: Sendable {
  let directory: ServiceDirectory

  /// The name of the service.
  public var name: String { directory.service }

  /// The instances as they change; the first element is the present snapshot.
  public func watch() -> ServiceWatch {
    ServiceWatch(directory: directory)
  }

  /// A balancer over the instances, with counts of its own: the face for code that is no
  /// ``ResilienceCore/Handler``.
  ///
  /// Keep it: a balancer made for each call knows nothing.
  public func balancer(_ strategy: BalancingStrategy = .powerOfTwoChoices) -> Balancer {
    Balancer(directory: directory, strategy: strategy)
  }
}

public import ResilienceCore

/// The call was not made: nobody is registered for the service.
public struct NoInstanceAvailable: Rejection, Hashable, CustomStringConvertible {
  /// The name of the service.
  public let service: String

  /// Always `nil`: nobody knows when an instance will register.
  public var retryAt: Instant? { nil }

  init(service: String) {
    self.service = service
  }

  /// The service, and what to look at.
  public var description: String {
    "no instance of service \"\(service)\" is registered: none has started, or all leases have expired"
  }
}

public import ResilienceCore

/// The call was not made: nobody who takes calls is registered for the service.
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
    "no instance of service \"\(service)\" takes calls: none has started, all leases have expired, or all drain, are out of service or weigh 0"
  }
}

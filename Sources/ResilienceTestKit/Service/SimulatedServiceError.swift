public import ResilienceCore

/// What a ``SimulatedService`` answers when it does not do its work.
///
/// A failure of the destination, not a refusal of one of our layers: breakers count it.
public struct SimulatedServiceError: Error, Hashable, CustomStringConvertible {
  /// Why there is no answer.
  public enum Reason: Sendable, Hashable {
    /// It is down: the connection was refused.
    case down
    /// Its queue is full.
    case queueFull
    /// The deadline had passed when a worker was free, and the service is one that looks.
    case expired
    /// It went down while it worked.
    case crashed
    /// The work failed.
    case failed
  }

  /// The service's name.
  public let service: String

  /// Why there is no answer.
  public let reason: Reason

  /// Creates an error, for scripts that play the service.
  public init(service: String, reason: Reason) {
    self.service = service
    self.reason = reason
  }

  /// The service and the reason.
  public var description: String {
    switch reason {
    case .down: "\(service) is down: connection refused"
    case .queueFull: "\(service) is overloaded: its queue is full"
    case .expired: "\(service) dropped the work: its deadline had passed before it was started"
    case .crashed: "\(service) went down during the work"
    case .failed: "\(service) failed"
    }
  }
}

extension SimulatedServiceError: PushbackProviding {
  /// Not processed when the work was not started; overloaded as well when the queue is full.
  public var pushback: Pushback {
    switch reason {
    case .down, .expired: .notProcessed
    case .queueFull: Pushback(overloaded: true, notProcessed: true)
    case .crashed, .failed: .none
    }
  }
}

public import Resilience

/// A hub refused a request for a reason that has no type here, or its answer cannot be read.
///
/// What has a type comes as that: `BrokerFull`, `BrokerSessionEnded`, `BrokerGroupConflict`, `BrokerGroupMissing`,
/// `StoreCompacted`.
public struct RemoteError: Error, PushbackProviding, Sendable, Hashable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Reason: String, Sendable, Hashable {
    /// The hub refused the request, or could not do it.
    case refused

    /// The answer is not what it should be.
    case unreadable
  }

  /// What kind of error it is.
  public let reason: Reason

  /// The request, such as `events/settle`.
  public let request: String

  /// The status of HTTP, such as 413.
  public let status: Int

  /// What the hub said, or what could not be read.
  public let message: String

  init(_ reason: Reason, _ request: String, _ message: String, status: Int) {
    self.reason = reason
    self.request = request
    self.message = message
    self.status = status
  }

  /// A request that was wrong or too large is so again; of others nothing is known.
  public var pushback: Pushback {
    switch status {
    case 400, 404, 405, 413: .doNotRetry
    case 503: .overloaded
    default: .none
    }
  }

  /// Such as `hub: events/publish: HTTP status 413: a body of more than 16777216 bytes`.
  public var description: String { "hub: \(request): HTTP status \(status): \(message)" }
}

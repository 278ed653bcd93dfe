internal import Resilience

/// A request is not what it should be.
struct HubRefusal: Error, CustomStringConvertible {
  let field: String
  let value: String
  let requirement: String

  init(_ field: String, _ value: String, _ requirement: String) {
    self.field = field
    self.value = value
    self.requirement = requirement
  }

  var description: String { "\(field) must be \(requirement), was \"\(value.prefix(80))\"" }
}

/// The hub holds as many sessions as it may.
struct HubCrowded: Error, CustomStringConvertible {
  let what: String
  let limit: Int

  var description: String { "the hub has \(limit) \(what) already" }
}

/// An error as it crosses the wire.
struct HubFault: Codable, Sendable {
  enum Kind: String, Codable, Sendable {
    case brokerFull, sessionEnded, groupConflict, groupMissing, compacted, cancelled
    /// One that has no form here: its text is all there is.
    case other
  }

  let kind: Kind
  let message: String
  var capacity: Int?
  var group: String?
  var present: HubFilter?
  var requested: HubFilter?
  var revision: UInt64?

  init(_ error: any Error) {
    message = "\(error)"
    switch error {
    case let error as BrokerFull:
      kind = .brokerFull
      capacity = error.capacity
    case let error as BrokerSessionEnded:
      kind = .sessionEnded
      group = error.group
    case let error as BrokerGroupConflict:
      kind = .groupConflict
      group = error.group
      present = HubFilter(error.present)
      requested = HubFilter(error.requested)
    case let error as BrokerGroupMissing:
      kind = .groupMissing
      group = error.group
    case let error as StoreCompacted:
      kind = .compacted
      revision = error.revision
    case is CancellationError: kind = .cancelled
    default: kind = .other
    }
  }

  /// The error that it was; a ``RemoteError`` if there is no form of it.
  func error(_ status: Int, _ request: String) -> any Error {
    switch kind {
    case .brokerFull: BrokerFull(capacity: capacity ?? 0)
    case .sessionEnded: BrokerSessionEnded(group: group ?? "")
    case .groupConflict:
      BrokerGroupConflict(
        group: group ?? "", present: present?.filter ?? .all, requested: requested?.filter ?? .all)
    case .groupMissing: BrokerGroupMissing(group: group ?? "")
    case .compacted: StoreCompacted(after: revision ?? 0)
    case .cancelled, .other: RemoteError(.refused, request, message, status: status)
    }
  }
}

internal import Resilience

// What the requests about registrations and their answers say.

struct HubLease: Codable, Sendable {
  let id: Int64
  let ttlNanoseconds: Int64

  init(_ lease: StoreLease) {
    id = lease.id
    ttlNanoseconds = lease.ttl.clampedToNanoseconds
  }

  var lease: StoreLease { StoreLease(id: id, ttl: .nanoseconds(ttlNanoseconds)) }
}

struct HubGrant: Codable, Sendable {
  let ttlNanoseconds: Int64
}

struct HubLives: Codable, Sendable {
  let lives: Bool
}

struct HubRecord: Codable, Sendable {
  var service: String
  var id: String
  var address: String
  var metadata: [String: String]?
  var zone: String?
  var weight: Double?
  var version: String?
  var state: String?
  var lease: Int64?
  var revision: UInt64

  init(_ record: StoreRecord) {
    let instance = record.instance
    service = instance.service
    id = instance.id
    address = instance.address
    metadata = instance.metadata.isEmpty ? nil : instance.metadata
    zone = instance.zone
    weight = instance.weight == 1 ? nil : instance.weight
    version = instance.version
    state = record.state == .inService ? nil : record.state.rawValue
    lease = record.leaseID
    revision = record.revision
  }

  var record: StoreRecord {
    let instance = ServiceInstance(
      id: id, service: service, address: address, metadata: metadata ?? [:], zone: zone,
      weight: weight ?? 1, version: version)
    return StoreRecord(
      // A state of a later version keeps the instance out.
      instance, state: state.map { InstanceState(rawValue: $0) ?? .outOfService } ?? .inService,
      leaseID: lease, revision: revision)
  }
}

struct HubCondition: Codable, Sendable {
  enum Kind: String, Codable, Sendable {
    case always, absent, revision
  }

  let kind: Kind
  let revision: UInt64?

  init(_ condition: StoreCondition) {
    switch condition {
    case .always: (kind, revision) = (.always, nil)
    case .absent: (kind, revision) = (.absent, nil)
    case .revision(let number): (kind, revision) = (.revision, number)
    }
  }
}

struct HubWrite: Codable, Sendable {
  let record: HubRecord
  let condition: HubCondition
}

struct HubRemove: Codable, Sendable {
  let service: String
  let id: String
  let condition: HubCondition
}

struct HubWritten: Codable, Sendable {
  enum Outcome: String, Codable, Sendable {
    case done, conflict, leaseEnded
  }

  let outcome: Outcome
  var revision: UInt64?
  var present: HubRecord?

  init(_ write: StoreWrite) {
    switch write {
    case .done(let number):
      outcome = .done
      revision = number
    case .conflict(let record):
      outcome = .conflict
      present = record.map { HubRecord($0) }
    case .leaseEnded: outcome = .leaseEnded
    }
  }

  var write: StoreWrite {
    switch outcome {
    case .done: .done(revision: revision ?? 0)
    case .conflict: .conflict(present?.record)
    case .leaseEnded: .leaseEnded
    }
  }
}

struct HubService: Codable, Sendable {
  let service: String
}

struct HubListing: Codable, Sendable {
  let records: [HubRecord]
  let revision: UInt64
}

struct HubFollow: Codable, Sendable {
  let service: String
  let after: UInt64
  let waitNanoseconds: Int64
}

struct HubChanges: Codable, Sendable {
  let changes: [HubChange]
}

struct HubChange: Codable, Sendable {
  var written: HubRecord?
  var removed: String?
  var revision: UInt64

  init(_ change: StoreChange) {
    revision = change.revision
    switch change {
    case .written(let record): written = HubRecord(record)
    case .removed(let id, _): removed = id
    }
  }

  /// `nil` for one of a kind that this version does not know.
  var change: StoreChange? {
    if let written { return .written(written.record) }
    return removed.map { .removed(id: $0, revision: revision) }
  }
}

extension Duration {
  /// Nanoseconds, as near as 64 bits come.
  var clampedToNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !isOver else { return seconds < 0 ? .min : .max }
    let (sum, isOverToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return isOverToo ? (seconds < 0 ? .min : .max) : sum
  }
}

internal import Foundation
internal import Resilience

/// What the value of a record's key says.
struct EtcdRecord: Codable, Sendable {
  var address: String
  var metadata: [String: String]?
  var zone: String?
  var weight: Double?
  var version: String?
  var state: String?

  init(_ record: StoreRecord) {
    let instance = record.instance
    address = instance.address
    metadata = instance.metadata.isEmpty ? nil : instance.metadata
    zone = instance.zone
    weight = instance.weight == 1 ? nil : instance.weight
    version = instance.version
    state = record.state == .inService ? nil : record.state.rawValue
  }

  func bytes() throws -> EtcdBytes {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return EtcdBytes(try encoder.encode(self))
  }
}

// MARK: - Keys

extension EtcdStore {
  func key(_ id: String, of service: String) -> EtcdBytes {
    EtcdBytes("\(prefix)/\(service.escapingSlashes)/\(id.escapingSlashes)")
  }

  /// All keys of a service: those that begin with its own and a slash, after which comes a zero.
  func range(of service: String) -> EtcdRange {
    let folder = "\(prefix)/\(service.escapingSlashes)"
    return EtcdRange(key: EtcdBytes(folder + "/"), end: EtcdBytes(folder + "0"))
  }

  func id(_ key: EtcdBytes, of service: String) throws -> String {
    let folder = range(of: service).key.data
    guard key.data.starts(with: folder),
      let name = String(validating: key.data.dropFirst(folder.count), as: UTF8.self),
      let id = name.removingPercentEncoding
    else { throw EtcdError(.unreadable, "kv/range", "the key \(String(decoding: key.data, as: UTF8.self))") }
    return id
  }

  func record(_ pair: EtcdPair, of service: String) throws -> StoreRecord {
    let id = try id(pair.key, of: service)
    let value: EtcdRecord
    do {
      value = try JSONDecoder().decode(EtcdRecord.self, from: pair.value?.data ?? Data())
    } catch {
      throw EtcdError(.unreadable, "kv/range", "the record of \(id) of \(service): \(error)")
    }
    let instance = ServiceInstance(
      id: id, service: service, address: value.address, metadata: value.metadata ?? [:], zone: value.zone,
      weight: value.weight ?? 1, version: value.version)
    let lease = pair.lease?.value ?? 0
    return StoreRecord(
      // A state of a later version keeps the instance out.
      instance, state: value.state.map { InstanceState(rawValue: $0) ?? .outOfService } ?? .inService,
      leaseID: lease == 0 ? nil : lease, revision: pair.revision.value)
  }
}

extension String {
  /// Without a slash, which separates the parts of a key.
  var escapingSlashes: String {
    replacing("%", with: "%25").replacing("/", with: "%2F")
  }
}

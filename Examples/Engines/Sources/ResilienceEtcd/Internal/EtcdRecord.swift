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
    EtcdBytes(folder(of: service) + "/" + id.escapingSlashes)
  }

  /// All keys of a service: those that begin with its own and a slash, after which comes a zero.
  func range(of service: String) -> EtcdRange {
    EtcdRange(key: EtcdBytes(folder(of: service) + "/"), end: EtcdBytes(folder(of: service) + "0"))
  }

  private func folder(of service: String) -> String { "\(prefix)/\(service.escapingSlashes)" }

  /// The id in a key; `nil` if it is not one that a store writes.
  func id(_ key: EtcdBytes, of service: String) -> String? {
    let folder = range(of: service).key.data
    guard key.data.starts(with: folder),
      let id = String(escapedSlashes: key.data.dropFirst(folder.count))
    else {
      unreadable("the key \(String(decoding: key.data, as: UTF8.self))")
      return nil
    }
    return id
  }

  /// The record; `nil` if it is not one that a store writes.
  func record(_ pair: EtcdPair, of service: String) -> StoreRecord? {
    guard let id = id(pair.key, of: service) else { return nil }
    let value: EtcdRecord
    do {
      value = try JSONDecoder().decode(EtcdRecord.self, from: pair.value?.data ?? Data())
    } catch {
      unreadable("the record of \(id) of \(service): \(error)")
      return nil
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

  private func unreadable(_ what: String) { onUnreadable(EtcdError(.unreadable, "records", what)) }
}

// By bytes: a slash with an accent is one character, and a slash all the same.
extension String {
  /// Without a slash, which separates the parts of a key.
  var escapingSlashes: String {
    let bytes = utf8.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "%"): Array("%25".utf8)
      case UInt8(ascii: "/"): Array("%2F".utf8)
      default: [byte]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads what ``escapingSlashes`` writes; `nil` for anything else.
  init?(escapedSlashes bytes: Data) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var (rest, unescaped) = (text.utf8[...], [UInt8]())
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "/"): return nil
      case UInt8(ascii: "%"):
        let code = rest.prefix(2)
        rest = rest.dropFirst(2)
        if code.elementsEqual("25".utf8) {
          unescaped.append(UInt8(ascii: "%"))
        } else if code.elementsEqual("2F".utf8) {
          unescaped.append(UInt8(ascii: "/"))
        } else {
          return nil
        }
      default: unescaped.append(byte)
      }
    }
    self.init(decoding: unescaped, as: UTF8.self)
  }
}

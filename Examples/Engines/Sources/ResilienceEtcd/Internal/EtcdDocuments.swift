internal import Foundation
internal import Resilience

// The gateway's documents, as protobuf's mapping to JSON makes them: 64-bit numbers are strings, bytes are base64, and
// what is 0, false or empty is left out.

/// A 64-bit number, which is a string in JSON.
struct EtcdNumber<Value: FixedWidthInteger & Codable & Sendable>: Codable, Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Value.self) {
      self.value = value
      return
    }
    let text = try container.decode(String.self)
    guard let value = Value(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no number")
    }
    self.value = value
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode("\(value)")
  }
}

/// Bytes, which are base64 in JSON.
struct EtcdBytes: Codable, Sendable, Hashable {
  let data: Data

  init(_ data: Data) { self.data = data }

  init(_ text: String) { data = Data(text.utf8) }

  init(from decoder: any Decoder) throws { data = try decoder.singleValueContainer().decode(Data.self) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(data)
  }
}

struct EtcdHeader: Codable, Sendable {
  let revision: EtcdNumber<UInt64>
}

struct EtcdLease: Codable, Sendable {
  var id: EtcdNumber<Int64>?
  var ttl: EtcdNumber<Int64>?

  init(id: Int64? = nil, ttl: Int64? = nil) {
    self.id = id.map { EtcdNumber($0) }
    self.ttl = ttl.map { EtcdNumber($0) }
  }

  enum CodingKeys: String, CodingKey {
    case id = "ID"
    case ttl = "TTL"
  }
}

/// A line of a stream.
struct EtcdStreamed<Result: Decodable & Sendable>: Decodable, Sendable {
  let result: Result?
  let error: EtcdRefusal?
}

/// What a request that is refused is answered with.
struct EtcdRefusal: Decodable, Sendable {
  /// gRPC's `NOT_FOUND`.
  static let notFound = 5

  let message: String
  let code: Int?

  init(message: String, code: Int?) {
    self.message = message
    self.code = code
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.container(keyedBy: CodingKeys.self)
    // A stream's stands in a document of its own.
    if let inner = try? container.nestedContainer(keyedBy: CodingKeys.self, forKey: .error) {
      container = inner
    }
    message =
      try container.decodeIfPresent(String.self, forKey: .message)
      ?? container.decodeIfPresent(String.self, forKey: .error) ?? "no reason given"
    code =
      try container.decodeIfPresent(Int.self, forKey: .code)
      ?? container.decodeIfPresent(Int.self, forKey: .grpcCode)
  }

  enum CodingKeys: String, CodingKey {
    case message, error, code
    case grpcCode = "grpc_code"
  }
}

struct EtcdPair: Decodable, Sendable {
  let key: EtcdBytes
  let value: EtcdBytes?
  let revision: EtcdNumber<UInt64>
  let lease: EtcdNumber<Int64>?

  enum CodingKeys: String, CodingKey {
    case key, value, lease
    case revision = "mod_revision"
  }
}

struct EtcdRange: Codable, Sendable {
  let key: EtcdBytes
  var end: EtcdBytes?

  enum CodingKeys: String, CodingKey {
    case key
    case end = "range_end"
  }
}

struct EtcdRangeAnswer: Decodable, Sendable {
  let header: EtcdHeader
  let kvs: [EtcdPair]?
}

struct EtcdPut: Codable, Sendable {
  let key: EtcdBytes
  let value: EtcdBytes
  let lease: EtcdNumber<Int64>?

  init(key: EtcdBytes, value: EtcdBytes, lease: Int64?) {
    self.key = key
    self.value = value
    // 0 would be none; under the least of all numbers there is no lease.
    self.lease = lease.map { EtcdNumber($0 == 0 ? .min : $0) }
  }
}

// MARK: - Transactions

/// A condition of a transaction.
struct EtcdComparison: Codable, Sendable {
  let key: EtcdBytes
  let target: String
  var createRevision: EtcdNumber<UInt64>?
  var modRevision: EtcdNumber<UInt64>?
  var result = "EQUAL"

  enum CodingKeys: String, CodingKey {
    case key, target, result
    case createRevision = "create_revision"
    case modRevision = "mod_revision"
  }
}

struct EtcdOperation: Codable, Sendable {
  var put: EtcdPut?
  var remove: EtcdRange?
  var range: EtcdRange?

  init(put: EtcdPut? = nil, remove: EtcdRange? = nil, range: EtcdRange? = nil) {
    self.put = put
    self.remove = remove
    self.range = range
  }

  enum CodingKeys: String, CodingKey {
    case put = "request_put"
    case remove = "request_delete_range"
    case range = "request_range"
  }
}

struct EtcdTransaction: Codable, Sendable {
  let compare: [EtcdComparison]
  let success: [EtcdOperation]
  let failure: [EtcdOperation]
}

struct EtcdTransactionAnswer: Decodable, Sendable {
  struct Response: Decodable, Sendable {
    struct Range: Decodable, Sendable {
      let kvs: [EtcdPair]?
    }

    let range: Range?

    enum CodingKeys: String, CodingKey {
      case range = "response_range"
    }
  }

  let header: EtcdHeader
  let succeeded: Bool?
  let responses: [Response]?
}

extension StoreCondition {
  func comparison(of key: EtcdBytes) -> EtcdComparison? {
    switch self {
    case .always: nil
    case .absent: EtcdComparison(key: key, target: "CREATE", createRevision: EtcdNumber(0))
    case .revision(let revision):
      // To etcd what is absent has the revision 0.
      EtcdComparison(
        key: key, target: "MOD",
        modRevision: EtcdNumber(revision == 0 ? .endOfRevisions : min(revision, .endOfRevisions)))
    }
  }
}

extension UInt64 {
  /// The greatest number that etcd has for a revision, as its numbers are signed: that of no record.
  static var endOfRevisions: UInt64 { UInt64(Int64.max) }
}

// MARK: - Watches

struct EtcdWatch: Codable, Sendable {
  let key: EtcdBytes
  let end: EtcdBytes?
  let startRevision: EtcdNumber<UInt64>

  init(key: EtcdBytes, end: EtcdBytes?, startRevision: UInt64) {
    self.key = key
    self.end = end
    self.startRevision = EtcdNumber(startRevision)
  }

  enum CodingKeys: String, CodingKey {
    case key
    case end = "range_end"
    case startRevision = "start_revision"
  }
}

struct EtcdWatchRequest: Codable, Sendable {
  let create: EtcdWatch

  enum CodingKeys: String, CodingKey {
    case create = "create_request"
  }
}

struct EtcdEvent: Decodable, Sendable {
  let type: String?
  let pair: EtcdPair

  enum CodingKeys: String, CodingKey {
    case type
    case pair = "kv"
  }
}

struct EtcdWatchAnswer: Decodable, Sendable {
  let events: [EtcdEvent]?
  let canceled: Bool?
  let compactRevision: EtcdNumber<UInt64>?
  let cancelReason: String?

  enum CodingKeys: String, CodingKey {
    case events, canceled
    case compactRevision = "compact_revision"
    case cancelReason = "cancel_reason"
  }
}

import CRdkafka
import Foundation
import Resilience

@testable import ResilienceKafka

/// What Kafka has of a group, asked and written by a client that is no member of it.
final class RawGroup {
  private let client: Client
  private let topic: String

  struct Failed: Error {
    let code: rd_kafka_resp_err_t
  }

  static func id(of group: LedgerState.Group, in broker: KafkaBroker) -> String {
    Member.kafkaName(of: group, broker.core.topics)
  }

  static func find(_ name: String, in broker: KafkaBroker) async throws -> LedgerState.Group {
    let found = try await broker.core.ledger.read { $0.groups[name]?.first }
    guard let found else { throw BrokerGroupMissing(group: name) }
    return found
  }

  /// Of the oldest events, before anybody has joined it: the mock cluster takes commits of members alone
  /// then.
  static func make(_ name: String, in broker: KafkaBroker) async throws -> LedgerState.Group {
    let record = StoredGroup(BrokerGroup(name, start: .oldest), starts: []).storedBytes
    try await broker.core.ledger.write([broker.core.topics.ledgerRecord("group/\(newID())", record)])
    return try await find(name, in: broker)
  }

  init(_ id: String, topic: String, _ servers: String) throws {
    self.topic = topic
    client = try Client(RD_KAFKA_CONSUMER, ["bootstrap.servers": servers, "group.id": id]) { _ in }
  }

  deinit { rd_kafka_destroy(client.handle) }

  func commit(_ partition: Int32, offset: Int64, metadata: String? = nil) throws {
    let list = PartitionList()
    list.add(topic, partition, offset: offset, metadata: metadata)
    let code = rd_kafka_commit(client.handle, list.pointer, 0)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw Failed(code: code) }
  }

  /// - Returns: `nil` where nothing is committed.
  func progress(of partition: Int32) throws -> PartitionProgress? {
    let list = PartitionList()
    list.add(topic, partition, offset: -1)
    let code = rd_kafka_committed(client.handle, list.pointer, 5000)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw Failed(code: code) }
    let element = list.elements[0]
    guard element.offset >= 0 else { return nil }
    let bytes = element.metadata.map { UnsafeRawBufferPointer(start: $0, count: element.metadata_size) }
    let text = String(decoding: bytes?.prefix { $0 != 0 } ?? [], as: UTF8.self)
    return PartitionProgress(base: element.offset, metadata: text)
      ?? PartitionProgress(base: element.offset, end: element.offset, unsettled: [])
  }
}

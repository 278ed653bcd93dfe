internal import CRdkafka
internal import Foundation
internal import Resilience

/// The topics of a broker, and the records in them.
struct Topics: Sendable {
  static let target = "resilience-group"
  static let history = "resilience-history"

  let events: String
  var partitions: Int
  var ledger: String { "\(events).ledger" }

  /// Of a redriven event also for whom it is, and of what it has died.
  func record(
    of event: EncodedEvent, target: String? = nil, history: [DeadLetter.Death] = []
  ) -> Producer.Record {
    var event = event
    event.notBefore = nil
    var headers = [("content-type", Array(EncodedEvent.jsonContentType.utf8))]
    if let target { headers.append((Self.target, Array(target.utf8))) }
    if !history.isEmpty { headers.append((Self.history, StoredDeath.list(history).storedBytes)) }
    return Producer.Record(
      topic: events, key: event.partitionKey.map { Array($0.utf8) }, value: event.json(),
      headers: headers.map { (name: $0.0, value: $0.1) })
  }

  func ledgerRecord(_ key: String, _ value: [UInt8]?) -> Producer.Record {
    Producer.Record(topic: ledger, partition: 0, key: Array(key.utf8), value: value)
  }

  /// An event whose time has not come goes to the ledger.
  func published(_ events: [EncodedEvent], at now: UnixTime) -> [Producer.Record] {
    events.map { event in
      guard let due = event.notBefore, due > now else { return record(of: event) }
      return ledgerRecord("later/\(newID())", event.json())
    }
  }

  // MARK: - Opening

  /// Looks at the topics, and makes those that are not there; on a thread that may block.
  static func open(
    _ events: String, _ settings: [String: String], _ policy: KafkaBrokerPolicy
  ) throws(KafkaError) -> Topics {
    var topics = Topics(events: events, partitions: policy.partitions)
    guard isName(topics.ledger), !events.isEmpty else {
      throw KafkaError(.invalidTopic, "open", "\(events.debugDescription) is no name of a topic")
    }
    // A producer that asks for a topic would have Kafka make it, with Kafka's defaults.
    var settings = settings
    settings["allow.auto.create.topics"] = "false"
    let client = try Client(RD_KAFKA_CONSUMER, settings) { _ in }
    defer { rd_kafka_destroy(client.handle) }
    let deadline = monotonicMilliseconds() + policy.timeout.milliseconds
    var areMade = false
    while true {
      let (eventsCount, ledgerCount) = (
        try topics.partitions(of: events, client, until: deadline),
        try topics.partitions(of: topics.ledger, client, until: deadline)
      )
      guard ledgerCount <= 1 else {
        throw KafkaError(.invalidTopic, "open", "\(topics.ledger) must have one partition")
      }
      if eventsCount > 0, ledgerCount == 1 {
        topics.partitions = eventsCount
        return topics
      }
      if !areMade { topics.create(client, policy, until: deadline) }
      areMade = true
      guard monotonicMilliseconds() < deadline else {
        let missing = eventsCount > 0 ? topics.ledger : events
        throw KafkaError(.invalidTopic, "open", "\(missing) is not there, and could not be made")
      }
      // What was made a moment ago is not known to all brokers.
      Thread.sleep(forTimeInterval: 0.1)
    }
  }

  /// As Kafka has it.
  private static func isName(_ topic: String) -> Bool {
    topic.utf8.count <= 249
      && topic.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// What was wrong shows when the topics are looked at again: another process may have made them.
  private func create(_ client: Client, _ policy: KafkaBrokerPolicy, until deadline: Int) {
    var new: [OpaquePointer?] = [
      rd_kafka_NewTopic_new(events, Int32(policy.partitions), Int32(policy.replication), nil, 0),
      rd_kafka_NewTopic_new(ledger, 1, Int32(policy.replication), nil, 0),
    ]
    defer { for topic in new { rd_kafka_NewTopic_destroy(topic) } }
    rd_kafka_NewTopic_set_config(new[1], "cleanup.policy", "compact")
    rd_kafka_NewTopic_set_config(new[1], "max.message.bytes", "\(Producer.longestRecord)")
    let queue = rd_kafka_queue_new(client.handle)
    defer { rd_kafka_queue_destroy(queue) }
    let options = rd_kafka_AdminOptions_new(client.handle, RD_KAFKA_ADMIN_OP_CREATETOPICS)
    defer { rd_kafka_AdminOptions_destroy(options) }
    let timeout = Int32(max(1, deadline - monotonicMilliseconds()))
    rd_kafka_AdminOptions_set_request_timeout(options, timeout, nil, 0)
    rd_kafka_CreateTopics(client.handle, &new, new.count, options, queue)
    if let event = rd_kafka_queue_poll(queue, timeout) { rd_kafka_event_destroy(event) }
  }

  /// How many there are; 0 when the topic is not there.
  private func partitions(of name: String, _ client: Client, until deadline: Int) throws(KafkaError) -> Int {
    guard let topic = rd_kafka_topic_new(client.handle, name, nil) else {
      throw KafkaError(.invalidTopic, "open", "\(name) is no name of a topic")
    }
    defer { rd_kafka_topic_destroy(topic) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let timeout = Int32(max(1, deadline - monotonicMilliseconds()))
    let code = rd_kafka_metadata(client.handle, 0, topic, &metadata, timeout)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { throw KafkaError(code, "open") }
    defer { rd_kafka_metadata_destroy(metadata) }
    return metadata.pointee.topic_cnt == 1 ? Int(metadata.pointee.topics[0].partition_cnt) : 0
  }
}

func newID() -> String { UUID().uuidString }

internal import CRdkafka

/// Kafka, or the way there, failed.
public struct KafkaError: Error, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: String, Sendable, Hashable {
    /// The brokers refused, or the connection broke. What was asked for may have been done all the same.
    case failed
    /// The brokers did not answer in time. What was asked for may have been done all the same.
    case timedOut
    /// A setting is none that librdkafka knows, or has a value that it does not take.
    case invalidSetting
    /// A topic has another number of partitions than it must have, or is not there and could not be made.
    case invalidTopic
    /// A topic is not there any more, or Kafka does not know the producer, as when it has come back without
    /// what it had. A producer is made anew by itself; for topics close the broker object, and open another.
    case lost
    /// The librdkafka that is linked at run time is older than 2.3.
    case oldLibrary
    /// The broker object was closed.
    case closed
  }

  /// What went wrong.
  public let reason: Reason

  /// What was being done: `produce`, `commit`, `open` and the like.
  public let action: String

  /// What librdkafka says of it.
  public let detail: String

  init(_ reason: Reason, _ action: String, _ detail: String) {
    self.reason = reason
    self.action = action
    self.detail = detail
  }

  init(_ code: rd_kafka_resp_err_t, _ action: String) {
    let reason: Reason =
      switch code {
      case RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR__FENCED,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
        .lost
      case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT: .timedOut
      default: .failed
      }
    self.init(reason, action, String(cString: rd_kafka_err2str(code)))
  }

  static func closed(_ action: String) -> KafkaError {
    KafkaError(.closed, action, "the broker was closed")
  }

  /// What failed, and why.
  public var description: String { "Kafka, \(action): \(reason.rawValue): \(detail)" }
}

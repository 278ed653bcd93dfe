internal import CRdkafka

/// Kafka, or the way there, failed.
public struct KafkaError: Error, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: String, Sendable, Hashable {
    /// The brokers did not answer in time, or refused. What was asked for may have been done all the same.
    case failed
    /// A setting is none that librdkafka knows, or has a value that it does not take.
    case invalidSetting
    /// A topic has another number of partitions than it must have, or is not there and could not be made.
    case invalidTopic
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
    self.init(.failed, action, String(cString: rd_kafka_err2str(code)))
  }

  static func closed(_ action: String) -> KafkaError {
    KafkaError(.closed, action, "the broker was closed")
  }

  /// What failed, and why.
  public var description: String { "Kafka, \(action): \(reason.rawValue): \(detail)" }
}

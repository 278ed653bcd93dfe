import CRdkafka
import Foundation
import Testing

/// The librdkafka that is linked at run time: it may be another one than that of the headers.
enum Library {
  static let isNewEnough = rd_kafka_version() >= 0x0203_0000
  static let missing: Comment =
    "librdkafka is older than 2.3: Examples/Kafka/test brings a newer one"
}

/// Kafka as librdkafka plays it, in this process: for faults that are asked for.
///
/// Unchecked: it has two pointers, which librdkafka takes from every thread.
final class MockCluster: @unchecked Sendable {
  let servers: String
  private let client: OpaquePointer
  private let cluster: OpaquePointer

  struct Missing: Error {}

  /// For each rebalance the cluster takes a session less one second, whether or not all have answered before.
  static let settings = ["session.timeout.ms": "3000", "heartbeat.interval.ms": "250"]

  init(topic: String, partitions: Int32 = 4) throws {
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0) else { throw Missing() }
    guard let cluster = rd_kafka_mock_cluster_new(client, 1) else { throw Missing() }
    self.client = client
    self.cluster = cluster
    // As Kafka's `group.initial.rebalance.delay.ms`. Not in the headers of 2.0.2.
    if let symbol = dlsym(nil, "rd_kafka_mock_group_initial_rebalance_delay_ms") {
      typealias SetDelay = @convention(c) (OpaquePointer, Int32) -> Void
      unsafeBitCast(symbol, to: SetDelay.self)(cluster, 100)
    }
    servers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
    add(topic: topic, partitions: partitions)
  }

  func add(topic: String, partitions: Int32) {
    rd_kafka_mock_topic_create(cluster, topic, partitions, 1)
    rd_kafka_mock_topic_create(cluster, "\(topic).ledger", 1, 1)
  }

  deinit {
    rd_kafka_mock_cluster_destroy(cluster)
    rd_kafka_destroy(client)
  }

  enum Request: Int16 {
    case produce = 0
    case fetch = 1
    case commit = 8
    case join = 11
    case heartbeat = 12
  }

  /// The next requests of the kind fail so.
  func fail(_ request: Request, with errors: [rd_kafka_resp_err_t]) {
    var errors = errors
    rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, &errors)
  }

  func setUp(_ isUp: Bool) {
    if isUp { rd_kafka_mock_broker_set_up(cluster, 1) } else { rd_kafka_mock_broker_set_down(cluster, 1) }
  }

  /// Of each request.
  func setRoundTrip(milliseconds: Int32) {
    rd_kafka_mock_broker_set_rtt(cluster, 1, milliseconds)
  }
}

internal import CRdkafka
internal import Foundation
internal import Resilience
internal import Synchronization

/// Writes records, from one idempotent producer of librdkafka, whose reports a thread of its own takes.
final class Producer: Sendable {
  struct Record: Sendable {
    let topic: String
    var partition: Int32 = -1
    let key: [UInt8]?
    /// `nil` removes what has the key, in a compacted topic.
    let value: [UInt8]?
    var headers: [(name: String, value: [UInt8])] = []
  }

  /// A dead letter, which has its event and why it died, is longer than the event, of which Kafka takes 1
  /// MiB.
  static let longestRecord = 4 << 20
  private static let capacity = 100_000

  /// A client of librdkafka, which stays until nobody hands it a record any more.
  private final class Handle: Sendable {
    let client: Client
    let senders = Atomic(0)

    init(_ client: Client) { self.client = client }
  }

  /// `nil` once it was stopped.
  private let current: Mutex<Handle?>
  private let settings: [String: String]
  private let ended = Gate()
  private let timeout: Int32

  init(_ settings: [String: String], _ policy: KafkaBrokerPolicy) throws(KafkaError) {
    timeout = Int32(policy.timeout.milliseconds)
    // As Java's clients do, so that other producers put a key into the same partition.
    let usual = ["partitioner": "murmur2_random", "linger.ms": "0"]
    let fixed = [
      // One that has outlived its topic would have it made with Kafka's defaults.
      "enable.idempotence": "true", "allow.auto.create.topics": "false",
      "message.timeout.ms": "\(policy.timeout.milliseconds)",
      "message.max.bytes": "\(Self.longestRecord)",
      "queue.buffering.max.messages": "\(Self.capacity)",
    ]
    self.settings = usual.merging(settings) { $1 }.merging(fixed) { $1 }
    let handle = Handle(try Self.open(self.settings))
    current = Mutex(handle)
    Thread.detachNewThread { [self] in run(handle) }
  }

  private static func open(_ settings: [String: String]) throws(KafkaError) -> Client {
    try Client(RD_KAFKA_PRODUCER, settings) { configuration in
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, _ in
        guard let message, let opaque = message.pointee._private else { return }
        let slot = Unmanaged<ReportSlot>.fromOpaque(opaque).takeRetainedValue()
        slot.report.finish(slot.index, offset: message.pointee.offset, message.pointee.err)
      }
    }
  }

  private func run(_ first: Handle) {
    var handle = first
    while true {
      rd_kafka_poll(handle.client.handle, 100)
      guard current.withLock({ $0 != nil }) else { break }
      // After such an error, as when Kafka has lost what it acknowledged, librdkafka takes no record any
      // more.
      guard rd_kafka_fatal_error(handle.client.handle, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR,
        let next = renewed()
      else { continue }
      close(handle, flushing: 0)
      handle = next
    }
    close(handle, flushing: timeout)
    ended.open()
  }

  private func renewed() -> Handle? {
    guard let client = try? Self.open(settings) else { return nil }
    let next = Handle(client)
    let isOpen = current.withLock { current in
      if current != nil { current = next }
      return current != nil
    }
    guard isOpen else {
      rd_kafka_destroy(client.handle)
      return nil
    }
    return next
  }

  /// Nobody begins to hand it a record.
  private func close(_ handle: Handle, flushing milliseconds: Int32) {
    let client = handle.client.handle
    while handle.senders.load(ordering: .acquiring) > 0 { rd_kafka_poll(client, 1) }
    rd_kafka_flush(client, milliseconds)
    // Whoever waits still is told that it failed.
    rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    let end = monotonicMilliseconds() + 5000
    while rd_kafka_outq_len(client) > 0, monotonicMilliseconds() < end { rd_kafka_poll(client, 100) }
    rd_kafka_destroy(client)
  }

  func stop() { current.withLock { $0 = nil } }

  func waitUntilStopped() async { await ended.wait() }

  /// For tests: librdkafka's client at the moment.
  func withClient<Value>(_ body: (Client) -> Value) -> Value? {
    guard let handle = enter() else { return nil }
    defer { handle.senders.subtract(1, ordering: .releasing) }
    return body(handle.client)
  }

  private func enter() -> Handle? {
    current.withLock { current in
      current?.senders.add(1, ordering: .relaxed)
      return current
    }
  }

  /// Writes records in this order; each is stored or not by itself.
  ///
  /// - Parameter completion: Gets their offsets, on the producer's thread; must not block.
  func produce(
    _ records: [Record], _ completion: @escaping @Sendable (Result<[Int64], any Error>) -> Void
  ) {
    guard !records.isEmpty else { return completion(.success([])) }
    let report = ProduceReport(records.count, capacity: Self.capacity, completion)
    var failure: rd_kafka_resp_err_t?
    for (index, record) in records.enumerated() {
      if failure == nil { failure = send(record, ReportSlot(report, index)) }
      // What comes behind one that was not taken is not sent: the order is kept.
      if let failure { report.finish(index, offset: -1, failure) }
    }
  }

  func produce(_ records: [Record]) async throws -> [Int64] {
    try await withCheckedThrowingContinuation { continuation in
      produce(records) { continuation.resume(with: $0) }
    }
  }

  private func send(_ record: Record, _ slot: ReportSlot) -> rd_kafka_resp_err_t? {
    guard let handle = enter() else { return RD_KAFKA_RESP_ERR__DESTROY }
    defer { handle.senders.subtract(1, ordering: .releasing) }
    let headers = rd_kafka_headers_new(record.headers.count)
    for header in record.headers {
      rd_kafka_header_add(headers, header.name, -1, header.value, header.value.count)
    }
    let opaque = Unmanaged.passRetained(slot)
    let code = record.key.withOptionalBytes { key in
      record.value.withOptionalBytes { value in
        resilience_kafka_produce(
          handle.client.handle, record.topic, record.partition, key.baseAddress, key.count, value.baseAddress,
          value.count, headers, opaque.toOpaque())
      }
    }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    rd_kafka_headers_destroy(headers)
    opaque.release()
    return code
  }
}

/// Collects what became of the records of one call.
private final class ProduceReport: Sendable {
  private struct State {
    var offsets: [Int64]
    var left: Int
    var failure: rd_kafka_resp_err_t?
  }

  private let state: Mutex<State>
  private let capacity: Int
  private let completion: @Sendable (Result<[Int64], any Error>) -> Void

  init(_ count: Int, capacity: Int, _ completion: @escaping @Sendable (Result<[Int64], any Error>) -> Void) {
    state = Mutex(State(offsets: Array(repeating: -1, count: count), left: count))
    self.capacity = capacity
    self.completion = completion
  }

  func finish(_ index: Int, offset: Int64, _ code: rd_kafka_resp_err_t) {
    let result: Result<[Int64], any Error>? = state.withLock { state in
      state.offsets[index] = offset
      state.left -= 1
      if code != RD_KAFKA_RESP_ERR_NO_ERROR, state.failure == nil { state.failure = code }
      guard state.left == 0 else { return nil }
      guard let failure = state.failure else { return .success(state.offsets) }
      switch failure {
      case RD_KAFKA_RESP_ERR__QUEUE_FULL: return .failure(BrokerFull(capacity: capacity))
      case RD_KAFKA_RESP_ERR__DESTROY: return .failure(KafkaError.closed("produce"))
      default: return .failure(KafkaError(failure, "produce"))
      }
    }
    if let result { completion(result) }
  }
}

private final class ReportSlot: Sendable {
  let report: ProduceReport
  let index: Int

  init(_ report: ProduceReport, _ index: Int) {
    self.report = report
    self.index = index
  }
}

extension [UInt8]? {
  fileprivate func withOptionalBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    guard let self else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    // Without bytes, and not without a value.
    if self.isEmpty { return [0].withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<0])) } }
    return self.withUnsafeBytes(body)
  }
}

/// Opens once.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}

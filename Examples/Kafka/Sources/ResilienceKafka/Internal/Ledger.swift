internal import CRdkafka
internal import Foundation
internal import Resilience
internal import Synchronization

/// Follows the ledger on a thread of its own, and releases events for later when it is the keeper.
///
/// Unchecked: what is no constant and under no lock belongs to that thread, and others post it commands.
final class Ledger: @unchecked Sendable {
  typealias Completion<Value> = @Sendable (Result<Value, any Error>) -> Void

  private enum Command: Sendable {
    case wait(end: Int64, Completion<Void>)
    case ends(Completion<[Int64]>)
    case settled([String], isReleased: Bool)
    case stop(isCrash: Bool)
  }

  private static let keeperTime: Int64 = 3_000_000_000
  /// Events for later that are stored in one turn.
  private static let mostAtOnce = 500

  private let state = Mutex(LedgerState())
  private let inbox = Inbox<Command>()
  private let ended = Gate()
  private let client: Client
  private let topics: Topics
  private let policy: KafkaBrokerPolicy
  private let producer: Producer
  private let clock: any ResilienceClock
  private let id = UUID().uuidString
  private let onRemoved: @Sendable (String) -> Void
  private let onUnreadable: @Sendable (String) -> Void

  // The rest belongs to the thread.
  private var waiting: [(end: Int64, deadline: Int, completion: Completion<Void>)] = []
  private var releasing: Set<String> = []
  private var retryAt = 0
  private var claimAt = 0
  private var lastDropped: Int64 = -1
  private var isStopping = false

  init(
    _ settings: [String: String], _ topics: Topics, _ policy: KafkaBrokerPolicy, _ producer: Producer,
    _ clock: any ResilienceClock, onRemoved: @escaping @Sendable (String) -> Void,
    onUnreadable: @escaping @Sendable (String) -> Void
  ) throws(KafkaError) {
    let usual = ["fetch.wait.max.ms": "100", "queued.max.messages.kbytes": "16384"]
    let fixed = [
      "group.id": topics.ledger, "enable.auto.commit": "false", "enable.auto.offset.store": "false",
      "auto.offset.reset": "earliest",
    ]
    let settings = usual.merging(settings) { $1 }.merging(fixed) { $1 }
    client = try Client(RD_KAFKA_CONSUMER, settings) { _ in }
    self.topics = topics
    self.policy = policy
    self.producer = producer
    self.clock = clock
    self.onRemoved = onRemoved
    self.onUnreadable = onUnreadable
    rd_kafka_poll_set_consumer(client.handle)
    let queue = QueueReference(client)
    inbox.onArrival { queue.yield() }
    Thread.detachNewThread { [self] in run() }
  }

  func read<Value>(_ body: (LedgerState) -> Value) -> Value { state.withLock { body($0) } }

  /// Waits until all is read that is there now: what is written behind it has been read then. Asking Kafka
  /// where the topic ends would have no time limit in librdkafka.
  func sync() async throws { try await write([topics.ledgerRecord("sync", Array("{}".utf8))]) }

  /// Writes records, and waits until they are read here.
  func write(_ records: [Producer.Record]) async throws {
    let end = (try await producer.produce(records).max() ?? -1) + 1
    try await withCheckedThrowingContinuation { continuation in
      let completion: Completion<Void> = { continuation.resume(with: $0) }
      if !inbox.post(.wait(end: end, completion)) { completion(.failure(KafkaError.closed("read"))) }
    }
  }

  /// Where each partition of the events' topic ends.
  func ends() async throws -> [Int64] {
    try await withCheckedThrowingContinuation { continuation in
      let completion: Completion<[Int64]> = { continuation.resume(with: $0) }
      if !inbox.post(.ends(completion)) { completion(.failure(KafkaError.closed("read"))) }
    }
  }

  /// Stops the producer as well.
  ///
  /// - Parameter isCrash: As the end of the process does, for tests.
  func stop(isCrash: Bool = false) { _ = inbox.post(.stop(isCrash: isCrash)) }

  func waitUntilStopped() async { await ended.wait() }

  // MARK: - The thread

  private func run() {
    let list = PartitionList()
    list.add(topics.ledger, 0, offset: Int64(RD_KAFKA_OFFSET_BEGINNING))
    rd_kafka_assign(client.handle, list.pointer)
    while !isStopping {
      for command in inbox.take() { perform(command) }
      var timeout = untilNextDue()
      while let message = rd_kafka_consumer_poll(client.handle, timeout) {
        apply(message)
        rd_kafka_message_destroy(message)
        timeout = 0
      }
      answer()
      release()
    }
    for command in inbox.close() { perform(command) }
    for wait in waiting { wait.completion(.failure(KafkaError.closed("read"))) }
    producer.stop()
    rd_kafka_consumer_close(client.handle)
    rd_kafka_destroy(client.handle)
    ended.open()
  }

  private func untilNextDue() -> Int32 {
    LedgerState.milliseconds(from: clock.unixTime, untilDueAt: state.withLock { $0.earliest })
  }

  private func apply(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    let key = String(decoding: message.pointee.keyBytes ?? [], as: UTF8.self)
    let value = message.pointee.valueBytes
    switch state.withLock({ $0.apply(key, value, at: message.pointee.offset) }) {
    case .none: break
    case .groupRemoved(let id): onRemoved(id)
    case .unreadable: onUnreadable("\(topics.ledger) at \(message.pointee.offset)")
    }
    if value == nil { releasing.remove(key) }
    dropOldestLetter()
  }

  /// All processes do so: what is removed twice is gone.
  private func dropOldestLetter() {
    let oldest = state.withLock { state in
      state.letters.count > policy.deadLetterCapacity
        ? state.letters[state.letters.count - policy.deadLetterCapacity - 1] : nil
    }
    guard let oldest, oldest.offset > lastDropped else { return }
    lastDropped = oldest.offset
    producer.produce([topics.ledgerRecord(oldest.key, nil)]) { _ in }
  }

  private func perform(_ command: Command) {
    switch command {
    case .wait(let end, let completion):
      waiting.append((end, monotonicMilliseconds() + policy.timeout.milliseconds, completion))
    case .ends(let completion): completion(Result { try queryEnds() })
    case .settled(let keys, let isReleased):
      guard !isReleased else { return }
      releasing.subtract(keys)
      retryAt = monotonicMilliseconds() + 500
    case .stop(let isCrash):
      isStopping = true
      if !isCrash { giveUpClaim() }
    }
  }

  private func queryEnds() throws(KafkaError) -> [Int64] {
    let count = topics.partitions
    let deadline = monotonicMilliseconds() + policy.timeout.milliseconds
    func left() -> Int32 { Int32(max(1, deadline - monotonicMilliseconds())) }
    let list = PartitionList(capacity: count)
    for partition in 0..<count { list.add(topics.events, Int32(partition), offset: -1) }
    let code = rd_kafka_offsets_for_times(client.handle, list.pointer, left())
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "read") }
    var ends = [Int64](repeating: 0, count: count)
    for element in list.elements {
      guard element.err == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(element.err, "read") }
      var (low, high): (Int64, Int64) = (0, element.offset)
      // Some brokers answer that an end has no time.
      if high < 0 {
        let code = rd_kafka_query_watermark_offsets(
          client.handle, topics.events, element.partition, &low, &high, left())
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "read") }
      }
      ends[Int(element.partition)] = high
    }
    return ends
  }

  private func answer() {
    guard !waiting.isEmpty else { return }
    let next = state.withLock { $0.next }
    let now = monotonicMilliseconds()
    let (ready, rest) = (waiting.filter { $0.end <= next }, waiting.filter { $0.end > next })
    waiting = rest.filter { $0.deadline > now }
    for wait in ready { wait.completion(.success(())) }
    for wait in rest where wait.deadline <= now {
      wait.completion(.failure(KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "read")))
    }
  }

  // MARK: - Events for later

  private func claim(from now: UnixTime, for nanoseconds: Int64) {
    let claim = StoredKeeper(holder: id, from: now.nanoseconds, until: now.nanoseconds + nanoseconds)
    producer.produce([topics.ledgerRecord("keeper", claim.storedBytes)]) { _ in }
  }

  /// So that the next keeper need not wait.
  private func giveUpClaim() {
    let now = clock.unixTime
    let isMine = state.withLock { $0.keeper?.holder == id && $0.keeper?.until ?? 0 > now.nanoseconds }
    if isMine { claim(from: now, for: 0) }
  }

  /// Publishes what is due, and then removes it: what fails between comes twice.
  private func release() {
    let (now, milliseconds) = (clock.unixTime, monotonicMilliseconds())
    let (due, keeper) = state.withLock { ($0.due(at: now, except: releasing), $0.keeper) }
    guard !due.isEmpty else { return }
    let end = keeper?.until ?? 0
    let isMine = keeper?.holder == id && end > now.nanoseconds
    let isWanted = isMine ? end < now.nanoseconds + Self.keeperTime / 2 : end <= now.nanoseconds
    if isWanted, milliseconds >= claimAt {
      claimAt = milliseconds + 1000
      claim(from: now, for: Self.keeperTime)
    }
    guard isMine, milliseconds >= retryAt else { return }
    // Each by itself: one that cannot be stored does not have the others stored again.
    for scheduled in due.prefix(Self.mostAtOnce) {
      let key = scheduled.key
      releasing.insert(key)
      let (producer, topics, inbox) = (producer, topics, inbox)
      producer.produce([topics.record(of: scheduled.event)]) { result in
        guard case .success = result else {
          _ = inbox.post(.settled([key], isReleased: false))
          return
        }
        producer.produce([topics.ledgerRecord(key, nil)]) { result in
          if case .failure = result { _ = inbox.post(.settled([key], isReleased: false)) }
        }
      }
    }
  }
}

/// A client's queue, whose reader can be woken as long as the client is there.
struct QueueReference: Sendable {
  private let client: Client

  init(_ client: Client) { self.client = client }

  func yield() {
    guard let queue = rd_kafka_queue_get_consumer(client.handle) else { return }
    rd_kafka_queue_yield(queue)
    rd_kafka_queue_destroy(queue)
  }
}

extension rd_kafka_message_t {
  var keyBytes: [UInt8]? { key.map { Array(UnsafeRawBufferPointer(start: $0, count: key_len)) } }
  var valueBytes: [UInt8]? { payload.map { Array(UnsafeRawBufferPointer(start: $0, count: len)) } }
}

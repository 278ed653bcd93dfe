internal import CRdkafka
internal import Foundation
internal import Resilience
internal import Synchronization

/// Follows the ledger on a thread of its own, and releases events for later when it is the keeper.
///
/// Unchecked: what is no constant belongs to that thread, and others post it commands: what the ledger says
/// is under no lock.
final class Ledger: @unchecked Sendable {
  typealias Completion<Value> = @Sendable (Result<Value, any Error>) -> Void

  private enum Command: Sendable {
    case wait(end: Int64, Completion<LedgerState>)
    case read(Completion<LedgerState>)
    case ends(Completion<[Int64]>)
    case released(String, isRemoved: Bool)
    case lettersNotDropped
    case stop(isCrash: Bool)
  }

  /// Records that are read in one turn.
  private static let mostRead = 500
  /// Events for later that are stored in one turn.
  private static let mostAtOnce = 500

  private let inbox = Inbox<Command>()
  private let ended = Gate()
  private let client: Client
  private let topics: Topics
  private let policy: KafkaBrokerPolicy
  private let producer: Producer
  private let clock: any ResilienceClock
  private let scheduledCount = Atomic(0)
  private let onRemoved: @Sendable (String) -> Void
  private let onUnreadable: @Sendable (String) -> Void

  // The rest belongs to the thread.
  private var state = LedgerState(id: UUID().uuidString)
  private var waiting: [(end: Int64, deadline: Int, completion: Completion<LedgerState>)] = []
  private var retryAt = 0
  private var lastDropped: Int64 = -1
  private var dropAt = 0
  /// Events for later that are being published and removed.
  private var underWay = 0
  private var isStopping = false
  private var isGivingUp = false

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

  /// How many events wait for their time, as far as it was read.
  var waitingForTheirTime: Int { scheduledCount.load(ordering: .relaxed) }

  /// Asks what was read so far.
  func read<Value: Sendable>(_ body: @escaping @Sendable (LedgerState) -> Value) async throws -> Value {
    try await ask(body) { .read($0) }
  }

  /// Asks when all is read that is there now. Asking Kafka where the topic ends would have no time limit in
  /// librdkafka.
  func sync<Value: Sendable>(_ body: @escaping @Sendable (LedgerState) -> Value) async throws -> Value {
    try await write([topics.ledgerRecord("sync", Array("{}".utf8))], then: body)
  }

  /// Writes records, and asks when they are read here.
  @discardableResult
  func write<Value: Sendable>(
    _ records: [Producer.Record], then body: @escaping @Sendable (LedgerState) -> Value = { _ in }
  ) async throws -> Value {
    let end = (try await producer.produce(records).max() ?? -1) + 1
    return try await ask(body) { .wait(end: end, $0) }
  }

  private func ask<Value: Sendable>(
    _ body: @escaping @Sendable (LedgerState) -> Value,
    _ command: (@escaping Completion<LedgerState>) -> Command
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let completion: Completion<LedgerState> = { continuation.resume(with: $0.map(body)) }
      if !inbox.post(command(completion)) { completion(.failure(KafkaError.closed("read"))) }
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
      if readOn() { dropOldestLetters() }
      answer()
      release()
    }
    if isGivingUp { giveUp() }
    for command in inbox.close() { perform(command) }
    for wait in waiting { wait.completion(.failure(KafkaError.closed("read"))) }
    producer.stop()
    rd_kafka_consumer_close(client.handle)
    rd_kafka_destroy(client.handle)
    ended.open()
  }

  /// - Returns: Whether there is no more for the moment.
  private func readOn() -> Bool {
    var timeout = LedgerState.milliseconds(from: clock.unixTime, untilDueAt: state.scheduled.earliest)
    for _ in 0..<Self.mostRead {
      guard let message = rd_kafka_consumer_poll(client.handle, timeout) else { return true }
      apply(message)
      rd_kafka_message_destroy(message)
      timeout = 0
    }
    return false
  }

  private func apply(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    let offset = message.pointee.offset
    if offset < state.next { beginAnew(at: offset) }
    let key = String(decoding: message.pointee.keyBytes ?? [], as: UTF8.self)
    switch state.apply(key, message.pointee.valueBytes, at: offset, clock.now) {
    case .none: break
    case .groupRemoved(let id): onRemoved(id)
    case .unreadable: onUnreadable("\(topics.ledger) at \(offset)")
    }
    scheduledCount.store(state.scheduled.count, ordering: .relaxed)
  }

  /// The log is shorter than what was read: what is in it now is all that there is. Whoever joins again finds
  /// the groups that are still there.
  private func beginAnew(at offset: Int64) {
    let groups = state.groups.values.joined().map(\.id)
    state = LedgerState(id: state.keeper.id)
    lastDropped = -1
    onUnreadable("\(topics.ledger) begins anew at \(offset), before what was read")
    for id in groups { onRemoved(id) }
  }

  /// All processes do so: what is removed twice is gone. Only of what is there still when all was read.
  private func dropOldestLetters() {
    let excess = state.letters.prefix(max(0, state.letters.count - policy.deadLetterCapacity))
    guard let last = excess.last, last.offset > lastDropped, monotonicMilliseconds() >= dropAt else { return }
    let records = excess.filter { $0.offset > lastDropped }.map { topics.ledgerRecord($0.key, nil) }
    lastDropped = last.offset
    producer.produce(records) { [inbox] result in
      if case .failure = result { _ = inbox.post(.lettersNotDropped) }
    }
  }

  private func perform(_ command: Command) {
    switch command {
    case .wait(let end, let completion):
      waiting.append((end, monotonicMilliseconds() + policy.timeout.milliseconds, completion))
    case .ends(let completion): completion(Result { try queryEnds() })
    case .read(let completion): completion(.success(state))
    case .released(let key, let isRemoved):
      underWay -= 1
      guard !isRemoved else { return }
      state.scheduled.giveBack(key)
      retryAt = monotonicMilliseconds() + 500
    case .lettersNotDropped:
      lastDropped = -1
      dropAt = monotonicMilliseconds() + 500
    case .stop(let isCrash):
      isStopping = true
      isGivingUp = !isCrash
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
    let next = state.next
    let now = monotonicMilliseconds()
    let (ready, rest) = (waiting.filter { $0.end <= next }, waiting.filter { $0.end > next })
    waiting = rest.filter { $0.deadline > now }
    for wait in ready { wait.completion(.success(state)) }
    for wait in rest where wait.deadline <= now {
      wait.completion(.failure(KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "read")))
    }
  }

  // MARK: - Events for later

  private func write(_ claim: StoredKeeper) {
    producer.produce([topics.ledgerRecord("keeper", claim.storedBytes)]) { _ in }
  }

  /// Publishes what is due, and then removes it: what fails between comes twice.
  private func release() {
    let (time, now) = (clock.unixTime, clock.now)
    guard let earliest = state.scheduled.earliest, earliest <= time else { return }
    if let claim = state.keeper.wanted(at: now) { write(claim) }
    guard state.keeper.isOurs(at: now), monotonicMilliseconds() >= retryAt else { return }
    // Each by itself: one that cannot be stored does not have the others stored again.
    for scheduled in state.scheduled.takeDue(at: time, most: Self.mostAtOnce) {
      let key = scheduled.key
      let (producer, topics, inbox) = (producer, topics, inbox)
      underWay += 1
      producer.produce([topics.record(of: scheduled.event)]) { result in
        guard case .success = result else {
          _ = inbox.post(.released(key, isRemoved: false))
          return
        }
        producer.produce([topics.ledgerRecord(key, nil)]) { result in
          var isRemoved = false
          if case .success = result { isRemoved = true }
          _ = inbox.post(.released(key, isRemoved: isRemoved))
        }
      }
    }
  }

  /// So that the next keeper need not wait. It is not to release once more what is under way here.
  private func giveUp() {
    let deadline = monotonicMilliseconds() + policy.timeout.milliseconds
    while underWay > 0, monotonicMilliseconds() < deadline {
      for command in inbox.take() { perform(command) }
      if let message = rd_kafka_consumer_poll(client.handle, 20) {
        apply(message)
        rd_kafka_message_destroy(message)
      }
    }
    if underWay == 0, let claim = state.keeper.givenUp(at: clock.now) { write(claim) }
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

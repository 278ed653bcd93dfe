internal import CRdkafka
internal import Foundation
internal import Resilience
internal import Synchronization

/// One consumer of a group: a client of librdkafka, and the thread that everything of it belongs to.
final class Member: @unchecked Sendable {
  struct Waiting {
    let token: CancellationToken
    let limit: Int
    let completion: MemberCommand.Completion<[BrokerDelivery]>
  }

  struct Handing {
    let entries: [(partition: Int32, entry: PartitionState.Entry)]
    let caller: Waiting
  }

  enum End { case leave, removed, abandoned }

  let group: String
  let groupID: String
  let inbox = Inbox<MemberCommand>()
  /// Kafka has let it in and said what it gets, or does not do so in time.
  let letIn = Gate()
  let ended = Gate()
  let client: Client
  let box: Box
  let topics: Topics
  let policy: KafkaBrokerPolicy
  let filter: EventFilter
  private let starts: [Int64]
  private let onUnreadable: @Sendable (String) -> Void
  private let onEnd: @Sendable (Member) -> Void

  // The rest belongs to the thread.
  var partitions: [Int32: PartitionState] = [:]
  var receipts: [UInt64: Int32] = [:]
  private var lastReceipt = UInt64.random(in: 0...1 << 40)
  private var waiting: [Waiting] = []
  private var rotor: Int32 = 0
  private var lastTouched = monotonicMilliseconds()
  private var end: End?
  /// What Kafka has given or taken, and was not answered yet.
  var toAssign: [Int32]?
  var toRevoke: [Int32]?
  var assignAt = 0
  var revokedAt = 0
  var wasLetIn = false
  private var isLetIn = false
  private var letInDeadline = 0
  private(set) var isClosing = false
  let commits = CommitQueue()

  init(
    _ settings: [String: String], _ topics: Topics, _ policy: KafkaBrokerPolicy, _ group: LedgerState.Group,
    onUnreadable: @escaping @Sendable (String) -> Void, onEnd: @escaping @Sendable (Member) -> Void
  ) throws(KafkaError) {
    self.group = group.stored.name
    groupID = group.id
    filter = group.filter
    starts = group.stored.starts
    self.topics = topics
    self.policy = policy
    self.onUnreadable = onUnreadable
    self.onEnd = onEnd
    let session = policy.session.milliseconds
    let usual = [
      "session.timeout.ms": "\(max(6000, session))",
      "heartbeat.interval.ms": "\(min(3000, max(250, session / 12)))",
      "fetch.wait.max.ms": "100", "queued.min.messages": "1000", "queued.max.messages.kbytes": "16384",
      // A partition goes on soon after a window was full: librdkafka would wait for a second.
      "fetch.queue.backoff.ms": "10",
    ]
    let fixed = [
      // A group that was removed and made anew is another one.
      "group.id": "\(topics.events).\(group.stored.name).\(group.id.prefix(8))",
      "enable.auto.commit": "false", "enable.auto.offset.store": "false", "auto.offset.reset": "earliest",
      // Only those partitions move that another consumer gets.
      "partition.assignment.strategy": "cooperative-sticky",
    ]
    let settings = usual.merging(settings) { $1 }.merging(fixed) { $1 }
    let box = Box()
    self.box = box
    client = try Client(RD_KAFKA_CONSUMER, settings) { configuration in
      rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(box).toOpaque())
      rd_kafka_conf_set_rebalance_cb(configuration) { client, code, list, opaque in
        guard let opaque else { return }
        Unmanaged<Box>.fromOpaque(opaque).takeUnretainedValue().member?.rebalance(code, list)
        rd_kafka_yield(client)
      }
    }
    box.member = self
  }

  /// How the callbacks, which come on the member's thread, find it.
  final class Box {
    weak var member: Member?
  }

  func start() {
    Thread.detachNewThread { [self] in run() }
  }

  // MARK: - The thread

  private func run() {
    rd_kafka_poll_set_consumer(client.handle)
    let queue = QueueReference(client)
    inbox.onArrival { queue.yield() }
    let list = PartitionList()
    list.add(topics.events, -1, offset: Int64(RD_KAFKA_OFFSET_INVALID))
    rd_kafka_subscribe(client.handle, list.pointer)
    // Whoever joins with several consumers, one after the other, keeps the sessions of the first.
    let patience = min(5000, policy.timeout.milliseconds, policy.session.milliseconds / 3)
    letInDeadline = monotonicMilliseconds() + patience
    while end == nil { turn() }
    letIn.open()
    finish()
  }

  private func turn() {
    for command in inbox.take() { perform(command) }
    poll()
    moveOn()
    handOut()
    commitIfDue()
    if !isLetIn, wasLetIn && toAssign == nil || monotonicMilliseconds() >= letInDeadline {
      isLetIn = true
      letIn.open()
    }
    // What is committed without anybody who waits for it, as what was passed over, is no sign of a consumer.
    if !waiting.isEmpty || commits.hasWaiting || !isLetIn { lastTouched = monotonicMilliseconds() }
    if monotonicMilliseconds() - lastTouched > policy.session.milliseconds { end = end ?? .leave }
  }

  private func poll() {
    var timeout = Int32(min(200, max(10, policy.session.milliseconds / 8)))
    if commits.isDirty, !commits.isBusy { timeout = 0 }
    var count = 0
    while count < 500, let message = rd_kafka_consumer_poll(client.handle, timeout) {
      read(message)
      rd_kafka_message_destroy(message)
      count += 1
      timeout = 0
    }
    if toRevoke != nil, rd_kafka_assignment_lost(client.handle) != 0 { unassign() }
  }

  private func read(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    let number = message.pointee.partition
    partitions[number]?.add(event(of: message), at: message.pointee.offset)
    guard let partition = partitions[number] else { return }
    commits.passed(number)
    if !partition.isPaused, partition.entries.count >= policy.window { setPaused(number, true) }
  }

  private func event(
    of message: UnsafeMutablePointer<rd_kafka_message_t>
  ) -> (event: EncodedEvent, history: [DeadLetter.Death])? {
    if let target = header(Topics.target, of: message) {
      guard String(decoding: target, as: UTF8.self) == groupID else { return nil }
    }
    guard let event = try? EncodedEvent(json: message.pointee.valueBytes ?? []) else {
      onUnreadable("\(topics.events)/\(message.pointee.partition) at \(message.pointee.offset)")
      return nil
    }
    let isOurs = header(Topics.target, of: message) != nil || filter.matches(event.type)
    guard isOurs else { return nil }
    let history = header(Topics.history, of: message).flatMap { [StoredDeath](stored: $0) } ?? []
    return (event, history.compactMap(\.death))
  }

  private func header(_ name: String, of message: UnsafeMutablePointer<rd_kafka_message_t>) -> [UInt8]? {
    var headers: OpaquePointer?
    guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    var value: UnsafeRawPointer?
    var size = 0
    guard rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let value
    else { return nil }
    return Array(UnsafeRawBufferPointer(start: value, count: size))
  }

  func setPaused(_ number: Int32, _ isPaused: Bool) {
    let list = PartitionList()
    list.add(topics.events, number, offset: 0)
    if isPaused {
      rd_kafka_pause_partitions(client.handle, list.pointer)
    } else {
      rd_kafka_resume_partitions(client.handle, list.pointer)
    }
    partitions[number]?.isPaused = isPaused
  }

  /// Where a partition begins of which nothing is committed: none is the oldest.
  func start(of partition: Int32) -> Int64 {
    let index = Int(partition)
    return starts.indices.contains(index) ? starts[index] : 0
  }

  // MARK: - Commands

  private func perform(_ command: MemberCommand) {
    guard end == nil else { return command.refuse(sessionEnded) }
    lastTouched = monotonicMilliseconds()
    switch command {
    case .receive(let token, let limit, let completion):
      // The cancellation may have come first.
      guard !token.isCancelled else { return completion(.failure(CancellationError())) }
      waiting.append(Waiting(token: token, limit: limit, completion: completion))
    case .cancel(let token):
      guard let index = waiting.firstIndex(where: { $0.token === token }) else { return }
      waiting.remove(at: index).completion(.failure(CancellationError()))
    case .claim(let receipts, let completion): completion(.success(claim(receipts)))
    case .unclaim(let receipts):
      for receipt in receipts { withPartition(of: receipt) { $0.unclaim(receipt.offset, receipt.scope) } }
    case .settle(let settled, let completion):
      for one in settled { settle(one) }
      commits.add(completion)
    case .heartbeat(let completion): completion(.success(()))
    case .leave: end = .leave
    case .groupRemoved: end = .removed
    case .abandon: end = .abandoned
    }
  }

  private func claim(_ receipts: [BrokerReceipt]) -> MemberCommand.Claims {
    var claims = MemberCommand.Claims()
    for receipt in receipts {
      claims.events[receipt] =
        withPartition(of: receipt) { $0.claim(receipt.offset, receipt.scope) } ?? nil
    }
    return claims
  }

  private func settle(_ settled: MemberCommand.Settled) {
    let receipt = settled.receipt
    guard let number = receipts[receipt.scope] else { return }
    withPartition(of: receipt) { partition in
      if let deliveries = settled.returned {
        partition.giveBack(receipt.offset, receipt.scope, deliveries: deliveries)
      } else {
        partition.settle(receipt.offset, receipt.scope)
      }
    }
    receipts[receipt.scope] = nil
    commits.dirty(number)
    guard let partition = partitions[number], partition.isPaused else { return }
    if partition.entries.count <= policy.window / 2 { setPaused(number, false) }
  }

  @discardableResult
  private func withPartition<Value>(
    of receipt: BrokerReceipt, _ body: (inout PartitionState) -> Value
  ) -> Value? {
    guard let number = receipts[receipt.scope] else { return nil }
    return partitions[number]?.with(body)
  }

  var sessionEnded: BrokerSessionEnded { BrokerSessionEnded(group: group) }

  // MARK: - Handing out

  private func handOut() {
    while let first = waiting.first {
      var taken: [(partition: Int32, entry: PartitionState.Entry)] = []
      // Each call begins behind the partition of the last one.
      let numbers = partitions.keys.sorted { ($0 <= rotor ? 1 : 0, $0) < ($1 <= rotor ? 1 : 0, $1) }
      for number in numbers where taken.count < first.limit {
        let entries =
          partitions[number]?.take(first.limit - taken.count) {
            lastReceipt += 1
            return lastReceipt
          } ?? []
        guard !entries.isEmpty else { continue }
        taken += entries.map { (number, $0) }
        rotor = number
        commits.dirty(number)
      }
      guard !taken.isEmpty else { return }
      for (number, entry) in taken { if let receipt = entry.receipt { receipts[receipt] = number } }
      waiting.removeFirst()
      let handing = Handing(entries: taken, caller: first)
      // The count is in Kafka before anybody has the event: what ends the process is counted.
      commits.add(isHandOut: true) { [self] result in handedOut(handing, result) }
    }
  }

  private func handedOut(_ handing: Handing, _ result: Result<Void, any Error>) {
    let isThere = end == nil && handing.entries.allSatisfy { receipts[$0.entry.receipt ?? 0] == $0.partition }
    guard case .success = result, isThere else {
      for (number, entry) in handing.entries {
        guard let receipt = entry.receipt, receipts.removeValue(forKey: receipt) != nil else { continue }
        partitions[number]?.giveBack(entry.offset, receipt, deliveries: entry.deliveries)
        commits.dirty(number)
      }
      guard end == nil else { return handing.caller.completion(.failure(sessionEnded)) }
      // Where the partition was taken away meanwhile the call goes on waiting.
      if isThere, toRevoke == nil, case .failure(let error) = result {
        return handing.caller.completion(.failure(error))
      }
      if handing.caller.token.isCancelled {
        return handing.caller.completion(.failure(CancellationError()))
      }
      waiting.insert(handing.caller, at: 0)
      return
    }
    handing.caller.completion(
      .success(
        handing.entries.map { _, entry in
          BrokerDelivery(
            receipt: BrokerReceipt(scope: entry.receipt ?? 0, position: UInt64(entry.offset)),
            event: entry.event, deliveries: entry.deliveries, history: entry.history)
        }))
  }

  // MARK: - The end

  private func finish() {
    for waiter in waiting { waiter.completion(.failure(sessionEnded)) }
    waiting = []
    if end == .leave { commitTheRest() }
    commits.fail(sessionEnded)
    for command in inbox.close() { command.refuse(sessionEnded) }
    isClosing = true
    if end != .abandoned {
      waitUntilLetIn()
      answerForTheEnd()
    }
    partitions = [:]
    receipts = [:]
    if end == .abandoned {
      rd_kafka_destroy_flags(client.handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    } else {
      rd_kafka_consumer_close(client.handle)
      rd_kafka_destroy(client.handle)
    }
    onEnd(self)
    ended.open()
  }

  /// What was handed out and is not settled comes again with its count; within the time limit.
  private func commitTheRest() {
    let deadline = monotonicMilliseconds() + policy.timeout.milliseconds
    commits.flush(Array(partitions.keys))
    while commits.isBusy || commits.isDirty, monotonicMilliseconds() < deadline {
      commitIfDue()
      while let message = rd_kafka_consumer_poll(client.handle, 20) { rd_kafka_message_destroy(message) }
      if rd_kafka_assignment_lost(client.handle) != 0 { return }
    }
  }

  /// One that leaves while Kafka lets it in stays a member there until its session ends, and keeps the others
  /// waiting.
  private func waitUntilLetIn() {
    let deadline = monotonicMilliseconds() + min(5000, policy.timeout.milliseconds)
    while !wasLetIn, monotonicMilliseconds() < deadline {
      while let message = rd_kafka_consumer_poll(client.handle, 20) { rd_kafka_message_destroy(message) }
    }
  }
}

extension BrokerReceipt {
  var offset: Int64 { Int64(truncatingIfNeeded: position) }
}

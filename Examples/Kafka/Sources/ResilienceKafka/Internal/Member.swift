internal import CRdkafka
internal import Foundation
internal import Resilience
internal import Synchronization

/// One consumer of a group: a client of librdkafka, and the thread that everything of it belongs to.
///
/// Unchecked: what is no constant belongs to that thread, on which librdkafka calls back as well.
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

  /// Kafka's `group.max.session.timeout.ms`.
  private static let longestSession = 1_800_000

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
  let onEnd: @Sendable (Member) -> Void

  // The rest belongs to the thread.
  var partitions: [Int32: PartitionState] = [:]
  var receipts: [UInt64: Int32] = [:]
  var lastReceipt = UInt64.random(in: 0...1 << 40)
  var waiting: [Waiting] = []
  /// Why Kafka does not let it in, or gives it nothing; until it does.
  var refusal: KafkaError?
  var rotor: Int32 = 0
  var lastTouched = monotonicMilliseconds()
  var end: End?
  /// What Kafka has given or taken, and was not answered yet.
  var toAssign: [Int32]?
  var toRevoke: [Int32]?
  var assignAt = 0
  var revokedAt = 0
  var wasLetIn = false
  private var isLetIn = false
  private var letInDeadline = 0
  var isClosing = false
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
    let sessionTimeout = min(Self.longestSession, max(6000, session))
    let usual = [
      "session.timeout.ms": "\(sessionTimeout)",
      // librdkafka takes no session that is longer.
      "max.poll.interval.ms": "\(max(300_000, sessionTimeout))",
      "heartbeat.interval.ms": "\(min(3000, max(250, session / 12)))",
      "fetch.wait.max.ms": "100", "queued.min.messages": "1000", "queued.max.messages.kbytes": "16384",
      // A partition goes on soon after a window was full: librdkafka would wait for a second.
      "fetch.queue.backoff.ms": "10",
    ]
    let fixed = [
      "group.id": Self.kafkaName(of: group, topics),
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

  /// A group that was removed and made anew is another one. librdkafka would take a name up to its first
  /// zero.
  static func kafkaName(of group: LedgerState.Group, _ topics: Topics) -> String {
    let name = group.stored.name.unicodeScalars.filter { $0.value != 0 }
    return "\(topics.events).\(String(String.UnicodeScalarView(name))).\(group.id.prefix(8))"
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
    let isAnswered = wasLetIn && toAssign == nil || refusal != nil
    if !isLetIn, isAnswered || monotonicMilliseconds() >= letInDeadline {
      isLetIn = true
      letIn.open()
    }
    // What is committed without anybody who waits for it, as what was passed over, is no sign of a consumer.
    if !waiting.isEmpty || commits.hasWaiting || !isLetIn { lastTouched = monotonicMilliseconds() }
    if monotonicMilliseconds() - lastTouched > policy.session.milliseconds { end = end ?? .leave }
  }

  private func poll() {
    var timeout = Int32(min(200, max(10, policy.session.milliseconds / 8)))
    if let delay = commits.delay { timeout = min(timeout, Int32(clamping: delay)) }
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
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return refuse(message.pointee.err) }
    refusal = nil
    let number = message.pointee.partition
    if let known = partitions[number], message.pointee.offset < known.next {
      beginAnew(number, at: message.pointee.offset)
    }
    forgetWhatIsGone(number)
    partitions[number]?.add(event(of: message), at: message.pointee.offset)
    guard let partition = partitions[number] else { return }
    commits.passed(number)
    if !partition.isPaused, partition.entries.count >= policy.window { setPaused(number, true) }
  }

  /// What does not go by itself is told to who waits; librdkafka tries again what does.
  private func refuse(_ code: rd_kafka_resp_err_t) {
    switch code {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR__FATAL:
      let error = KafkaError(code, "receive")
      refusal = error
      let refused = waiting
      waiting = []
      for one in refused { one.completion(.failure(error)) }
    default: break
    }
  }

  /// The log is shorter than what was committed or read, as after a loss or when the topic was made again:
  /// what is in it now are other events, of which nothing is settled.
  private func beginAnew(_ number: Int32, at offset: Int64) {
    let isPaused = partitions[number]?.isPaused ?? false
    let isDraining = partitions[number]?.isDraining ?? false
    partitions[number] = PartitionState(PartitionProgress(base: offset, end: offset, unsettled: []))
    partitions[number]?.isDraining = isDraining
    if isPaused { setPaused(number, false) }
    // What was handed out of the earlier log is stale.
    receipts = receipts.filter { $0.value != number }
    onUnreadable("\(topics.events)/\(number) begins anew at \(offset), before what was committed or read")
  }

  /// As `beginAnew`, where the log ends behind what was committed, and before what was settled ahead of that.
  private func forgetWhatIsGone(_ number: Int32) {
    guard let end = partitions[number]?.readBefore else { return }
    var (low, high): (Int64, Int64) = (0, 0)
    // As the fetch said that brought the record: nobody is asked.
    let code = rd_kafka_get_watermark_offsets(client.handle, topics.events, number, &low, &high)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0, high < end else { return }
    partitions[number]?.forgetWhatWasReadBefore()
    onUnreadable("\(topics.events)/\(number) ends at \(high), before what was settled")
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
    return starts.indices.contains(index) ? max(0, starts[index]) : 0
  }
}

internal import CRdkafka
internal import Foundation
internal import Synchronization

/// A handle of librdkafka.
///
/// Unchecked: it is a pointer, and librdkafka's functions may be called with it from every thread.
struct Client: @unchecked Sendable {
  let handle: OpaquePointer

  /// Before it librdkafka ends the process now and then when a consumer of a cooperative group closes
  /// (confluentinc/librdkafka#4312).
  private static let oldest: (number: Int32, name: String) = (0x0203_0000, "2.3")

  /// - Parameter prepare: Sets callbacks.
  init(
    _ kind: rd_kafka_type_t, _ settings: [String: String], _ prepare: (OpaquePointer?) -> Void
  ) throws(KafkaError) {
    guard rd_kafka_version() >= Self.oldest.number else {
      let present = String(cString: rd_kafka_version_str())
      throw KafkaError(
        .oldLibrary, "open", "librdkafka is \(present), and must be \(Self.oldest.name) or later")
    }
    guard let configuration = rd_kafka_conf_new() else {
      throw KafkaError(.failed, "open", "there is no memory")
    }
    var text = [CChar](repeating: 0, count: 512)
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
      guard rd_kafka_conf_set(configuration, name, value, &text, text.count) == RD_KAFKA_CONF_OK else {
        rd_kafka_conf_destroy(configuration)
        throw KafkaError(.invalidSetting, "open", Self.string(text))
      }
    }
    // librdkafka writes to the standard error otherwise: what fails is thrown to those who wait for it.
    rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
    prepare(configuration)
    guard let handle = rd_kafka_new(kind, configuration, &text, text.count) else {
      rd_kafka_conf_destroy(configuration)
      throw KafkaError(.failed, "open", Self.string(text))
    }
    self.handle = handle
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A list of partitions, which is freed with it.
final class PartitionList {
  let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  init(capacity: Int = 1) {
    pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
  }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  func add(_ topic: String, _ partition: Int32, offset: Int64, metadata: String? = nil) {
    guard let element = rd_kafka_topic_partition_list_add(pointer, topic, partition) else { return }
    element.pointee.offset = offset
    guard let metadata, let copy = strdup(metadata) else { return }
    element.pointee.metadata = UnsafeMutableRawPointer(copy)
    element.pointee.metadata_size = metadata.utf8.count
  }

  var elements: UnsafeMutableBufferPointer<rd_kafka_topic_partition_t> {
    UnsafeMutableBufferPointer(start: pointer.pointee.elems, count: Int(pointer.pointee.cnt))
  }
}

/// Milliseconds of a clock that never goes back, for the threads.
func monotonicMilliseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// What others ask of a thread.
final class Inbox<Command: Sendable>: Sendable {
  private struct State {
    var commands: [Command] = []
    var isClosed = false
    var wake: (@Sendable () -> Void)?
    /// Who is waking the thread at the moment.
    var wakers = 0
  }

  private let state = Mutex(State())

  /// Is called after something came in.
  func onArrival(_ wake: (@Sendable () -> Void)?) { state.withLock { $0.wake = wake } }

  /// - Returns: Whether the thread takes it; it has ended otherwise.
  func post(_ command: Command) -> Bool {
    let (isTaken, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
      guard !state.isClosed else { return (false, nil) }
      state.commands.append(command)
      if state.wake != nil { state.wakers += 1 }
      return (true, state.wake)
    }
    if let wake {
      wake()
      state.withLock { $0.wakers -= 1 }
    }
    return isTaken
  }

  func take() -> [Command] {
    state.withLock { state in
      defer { state.commands = [] }
      return state.commands
    }
  }

  /// Returns when nobody wakes the thread any more: its client may be freed then.
  ///
  /// - Returns: What nobody does any more.
  func close() -> [Command] {
    let left = state.withLock { state in
      state.isClosed = true
      state.wake = nil
      defer { state.commands = [] }
      return state.commands
    }
    while state.withLock({ $0.wakers > 0 }) { Thread.sleep(forTimeInterval: 0.000_1) }
    return left
  }
}

internal import ResilienceCore

/// What a broker's log holds. Applying a record that was applied before changes nothing.
enum BrokerRecord: Sendable {
  struct Count: Sendable, Hashable {
    let offset: Int64
    let deliveries: Int
  }

  struct StoredEvent: Sendable {
    let event: EncodedEvent
    /// The only group that gets it; `nil` for all.
    let target: String?
    let history: [DeadLetter.Death]
    /// How often it was handed out before it came here; not written.
    let deliveries: Int
    /// When it is to be stored once more, for the groups to read; `nil` for one that they read.
    let due: UnixTime?

    init(
      event: EncodedEvent, target: String? = nil, history: [DeadLetter.Death] = [], deliveries: Int = 0
    ) {
      self.event = event
      self.target = target
      self.history = history
      self.deliveries = deliveries
      due = target == nil ? event.notBefore : nil
    }
  }

  struct Letter: Sendable {
    /// `nil` for one that is new: its offset is its number.
    var number: Int64?
    let group: String
    /// Where the event is stored.
    let source: Int64
    let event: EncodedEvent
    let death: DeadLetter.Death
    let history: [DeadLetter.Death]
  }

  case event(StoredEvent)
  /// Without a start the group begins behind the record.
  case groupCreated(name: String, filter: EventFilter, start: Int64?)
  case groupRemoved(String)
  case counted(group: String, [Count])
  case settled(group: String, [Int64])
  case letter(Letter)
  case letterRemoved(Int64)
  /// An event for later is not to be published any more: it was, or is written elsewhere.
  case released(Int64)
}

/// A broker's memory: records in order, each under a number that stays.
protocol BrokerLog: Sendable {
  var firstOffset: Int64 { get }
  var endOffset: Int64 { get }

  /// All or none; whatever happens to the task.
  func append(_ records: [BrokerRecord]) async throws -> Range<Int64>

  /// Whether there is room for so many more events, once what nobody needs is gone.
  func hasRoom(for events: Int) -> Bool

  var capacity: Int { get }

  /// Some of the records from an offset on, and where to go on.
  func read(from offset: Int64) async throws -> BrokerLogPage

  func letter(at offset: Int64) async throws -> BrokerRecord.Letter?

  /// An event for later.
  func scheduled(at offset: Int64) async throws -> BrokerRecord.StoredEvent?

  /// Whether dead letters and events for later are kept whatever is discarded.
  var keepsLetters: Bool { get }

  func save(_ checkpoint: BrokerCheckpoint) async throws

  func discard(before offset: Int64) async throws
}

struct BrokerLogPage: Sendable {
  struct Item: Sendable {
    let offset: Int64
    let record: BrokerRecord
  }

  let items: [Item]
  let next: Int64
}

/// What all groups had settled when every record before `end` was applied.
struct BrokerCheckpoint: Sendable {
  struct Group: Sendable {
    let name: String
    let filter: EventFilter
    let position: Int64
    let settledAhead: Set<Int64>
    let counts: [Int64: Int]
  }

  var end: Int64
  var groups: [Group]
  var letters: [DeadLetterIndex.Slot]
  var scheduled: [ScheduledEventIndex.Slot]
}

internal import ResilienceCore

/// One group's events and consumers. Pure.
///
/// What was read from the log and is not removed yet is in `order`, up to the policy's window; everything
/// before the first of it is settled. A partition's events are with one consumer at a time: another one gets
/// its next event when nothing of it is held.
struct BrokerGroupState: Sendable {
  struct Holder: Sendable {
    let consumer: Int
    let receipt: UInt64
    /// Its settlement is being written: the event is nobody else's until that is done.
    var isSettling = false
  }

  struct Entry: Sendable {
    let stored: BrokerRecord.StoredEvent
    let partition: Int
    var holder: Holder?
  }

  struct Partition: Sendable {
    var ready = OffsetHeap()
    var holder = 0
    var held = 0
  }

  struct Member: Sendable {
    let id: Int
    var expiresAt: Instant
    var rotor = 0
    /// Calls that wait, those that were woken and do not know yet included: a consumer that waits is there.
    var waiting = 0
    var waiters: [Waiter] = []
    var held: Set<Int64> = []
  }

  struct Taken: Sendable {
    let offset: Int64
    let delivery: BrokerDelivery
  }

  let name: String
  let filter: EventFilter
  /// Tells it from an earlier group of the same name.
  let number: Int
  let window: Int
  private(set) var cursor: Int64
  private(set) var order = FIFO<Int64>()
  private(set) var entries: [Int64: Entry] = [:]
  private(set) var settledAhead: Set<Int64>
  private(set) var counts: [Int64: Int]
  private(set) var inFlight = 0
  private(set) var redeliveries = 0
  var partitions: [Partition]
  var members: [Member] = []
  var isFetching = false

  init(_ saved: BrokerCheckpoint.Group, number: Int, _ policy: BrokerPolicy) {
    name = saved.name
    filter = saved.filter
    self.number = number
    window = policy.window
    cursor = saved.position
    settledAhead = saved.settledAhead
    counts = saved.counts
    partitions = Array(repeating: Partition(), count: policy.partitions)
  }

  /// Everything before it is settled, or is not for this group.
  var position: Int64 { order.isEmpty ? cursor : order.front }

  var saved: BrokerCheckpoint.Group {
    BrokerCheckpoint.Group(
      name: name, filter: filter, position: position, settledAhead: settledAhead, counts: counts)
  }

  // MARK: - Reading

  func wantsMore(before end: Int64) -> Bool { !isFetching && cursor < end && order.count < window }

  mutating func add(_ page: BrokerLogPage) {
    for item in page.items where item.offset >= cursor {
      // What was settled before the process ended takes no room.
      if order.count == window { removeSettled() }
      guard order.count < window else {
        cursor = item.offset
        return
      }
      guard case .event(let stored) = item.record, stored.due == nil, isOurs(stored) else { continue }
      order.append(item.offset)
      guard !settledAhead.contains(item.offset) else { continue }
      let partition = self.partition(of: stored.event, at: item.offset)
      entries[item.offset] = Entry(stored: stored, partition: partition)
      partitions[partition].ready.insert(item.offset)
      if stored.deliveries > 0, counts[item.offset] == nil { counts[item.offset] = stored.deliveries }
    }
    cursor = max(cursor, page.next)
    removeSettled()
  }

  private func isOurs(_ stored: BrokerRecord.StoredEvent) -> Bool {
    stored.target.map { $0.isIdentical(to: name) } ?? filter.matches(stored.event.type)
  }

  private func partition(of event: EncodedEvent, at offset: Int64) -> Int {
    guard let key = event.partitionKey else { return Int(offset % Int64(partitions.count)) }
    let hash = key.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return Int((hash ^ hash >> 32) % UInt64(partitions.count))
  }

  // MARK: - Handing out

  mutating func take(_ limit: Int, for member: Int, receipt: () -> UInt64) -> [Taken] {
    let count = partitions.count
    var taken: [Taken] = []
    for step in 0..<count where taken.count < limit {
      let number = (members[member].rotor + step) % count
      guard isFree(number, for: member) else { continue }
      while taken.count < limit, let offset = partitions[number].ready.popLowest() {
        taken.append(hold(offset, in: number, by: member, receipt()))
        members[member].rotor = (number + 1) % count
      }
    }
    return taken
  }

  private func isFree(_ partition: Int, for member: Int) -> Bool {
    partition % members.count == member
      && (partitions[partition].held == 0 || partitions[partition].holder == members[member].id)
  }

  private mutating func hold(
    _ offset: Int64, in partition: Int, by member: Int, _ receipt: UInt64
  ) -> Taken {
    let id = members[member].id
    partitions[partition].holder = id
    partitions[partition].held += 1
    members[member].held.insert(offset)
    inFlight += 1
    guard var entry = entries[offset] else { preconditionFailure("an event that is ready is not there") }
    entry.holder = Holder(consumer: id, receipt: receipt)
    entries[offset] = entry
    let deliveries = counts[offset] ?? 0
    if deliveries > 0 { redeliveries += 1 }
    return Taken(
      offset: offset,
      delivery: BrokerDelivery(
        receipt: BrokerReceipt(scope: receipt, position: UInt64(offset)), event: entry.stored.event,
        deliveries: deliveries, history: entry.stored.history))
  }

  /// What of it is held with the receipt.
  func holder(of receipt: BrokerReceipt) -> (offset: Int64, entry: Entry)? {
    guard let offset = Int64(exactly: receipt.position), let entry = entries[offset],
      entry.holder?.receipt == receipt.scope
    else { return nil }
    return (offset, entry)
  }

  mutating func setSettling(_ offset: Int64, to isSettling: Bool) {
    entries[offset]?.holder?.isSettling = isSettling
  }

  /// Makes an event ready again.
  mutating func giveBack(_ offset: Int64) {
    guard let entry = entries[offset], entry.holder != nil else { return }
    release(offset, entry)
    entries[offset]?.holder = nil
    partitions[entry.partition].ready.insert(offset)
  }

  mutating func count(_ count: BrokerRecord.Count) {
    guard count.offset >= position, !settledAhead.contains(count.offset) else { return }
    counts[count.offset] = count.deliveries == 0 ? nil : count.deliveries
  }

  mutating func settle(_ offset: Int64) {
    guard offset >= position else { return }
    if let entry = entries.removeValue(forKey: offset) {
      if entry.holder != nil { release(offset, entry) }
    }
    counts[offset] = nil
    settledAhead.insert(offset)
    removeSettled()
  }

  private mutating func release(_ offset: Int64, _ entry: Entry) {
    partitions[entry.partition].held -= 1
    inFlight -= 1
    if let index = members.firstIndex(where: { $0.id == entry.holder?.consumer }) {
      members[index].held.remove(offset)
    }
  }

  private mutating func removeSettled() {
    while !order.isEmpty, settledAhead.remove(order.front) != nil { _ = order.popFirst() }
  }

  // MARK: - Consumers

  func index(of member: Int) -> Int? { members.firstIndex { $0.id == member } }

  /// When another session may end: one that waits now may stop doing so.
  func earliestExpiry(beside member: Int, whereWaitingEnd instant: Instant) -> Instant? {
    members.lazy.filter { $0.id != member }.map { $0.waiting > 0 ? instant : $0.expiresAt }.min()
  }

  /// Ends a session; what it held is ready again, but for what is being settled.
  mutating func leave(_ member: Int) -> [Waiter] {
    guard let index = index(of: member) else { return [] }
    let left = members.remove(at: index)
    for offset in left.held.sorted() where entries[offset]?.holder?.isSettling == false { giveBack(offset) }
    return left.waiters + takeWaiters()
  }

  mutating func expire(at now: Instant) -> [Waiter] {
    let expired = members.filter { $0.waiting == 0 && $0.expiresAt <= now }.map(\.id)
    return expired.flatMap { leave($0) }
  }

  mutating func takeWaiters() -> [Waiter] {
    var waiters: [Waiter] = []
    for index in members.indices {
      waiters += members[index].waiters
      members[index].waiters = []
    }
    return waiters
  }
}

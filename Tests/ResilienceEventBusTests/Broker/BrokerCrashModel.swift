import ResilienceCore
import ResilienceTestKit

@testable import ResilienceEventBus

/// A group at work on a broker that crashes, against what it was promised.
///
/// Numbers grow in the order in which they are published; the key of one is its remainder by three.
struct BrokerCrashModel {
  private let disk: SimulatedDisk
  private let random: SeededRandomSource
  private var broker: (any EventBroker)?
  private var consumers: [any BrokerConsumer] = []
  private var held: [[BrokerDelivery]] = []
  private var next = 0

  /// Acknowledged, or seen.
  private var stored: Set<Int> = []
  /// Publications whose answer was lost.
  private var doubtful: [[Int]] = []
  private var handled: Set<Int> = []
  private var buried: Set<Int> = []
  /// Settlements whose answer was lost, with what they published.
  private var openSettlements: [(parent: Int, child: Int?)] = []
  private var openBurials: Set<Int> = []
  private var redriven: Set<Int> = []
  private var lastOfKey: [Int: Int] = [:]
  private var seenInLife: Set<Int> = []
  private(set) var problems: [String] = []

  init(seed: UInt64, _ disk: SimulatedDisk) {
    self.disk = disk
    random = SeededRandomSource(seed: seed ^ 0xB40C)
  }

  // MARK: - Lives

  /// - Parameter crash: After so many changes of the disk; `nil` for after the last step.
  mutating func live(_ steps: Int, crash: Int?, losesPower: Bool) async {
    disk.crash(afterChanges: crash)
    do {
      try await open()
      for _ in 0..<steps { try await step() }
    } catch {
      if crash == nil { problems.append("\(error)") }
    }
    disk.crash(afterChanges: nil)
    if losesPower { disk.loseState() } else { disk.kill() }
  }

  private mutating func open() async throws {
    (consumers, held, lastOfKey, seenInLife) = ([], [], [:], [])
    broker = nil
    let opened = try await openBroker(disk)
    broker = opened
    try await join()
  }

  private mutating func join() async throws {
    guard let broker else { return }
    consumers.append(try await broker.join(BrokerGroup("g")))
    held.append([])
  }

  private mutating func step() async throws {
    let index = random.next(below: consumers.count)
    switch random.next(below: 16) {
    case 0..<4: try await publish()
    case 4..<8: try await receive(index, limit: 1 + random.next(below: 4))
    case 8..<11: try await settle(index)
    case 11: try await bury(index)
    case 12: try await redrive()
    case 13: try await giveBack(index)
    case 14 where consumers.count < 3: try await join()
    case 15 where consumers.count > 1:
      try await consumers[index].leave()
      consumers.remove(at: index)
      held.remove(at: index)
    default: break
    }
  }

  // MARK: - Steps

  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(
      id: "\(number)", source: "/tests", type: "t", subject: "key \(number % 3)",
      data: Array(repeating: UInt8(number & 255), count: 60))
  }

  private mutating func publish() async throws {
    let numbers = Array(next..<next + 1 + random.next(below: 3))
    next += numbers.count
    doubtful.append(numbers)
    try await broker?.publish(try numbers.map(event))
    confirm(numbers[0])
  }

  /// One of a publication is there, so all are.
  private mutating func confirm(_ number: Int) {
    stored.insert(number)
    guard let index = doubtful.firstIndex(where: { $0.contains(number) }) else { return }
    stored.formUnion(doubtful.remove(at: index))
  }

  private mutating func receive(_ index: Int, limit: Int) async throws {
    let consumer = consumers[index]
    let seen = SeenDeliveries()
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { seen.add(try await consumer.receive(limit: limit)) }
      tasks.addTask { try await CallContext.current.clock.sleep(for: .milliseconds(30)) }
      try await tasks.next()
      tasks.cancelAll()
      while let result = await tasks.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
    for delivery in seen.deliveries {
      note(delivery.number)
      held[index].append(delivery)
    }
  }

  private mutating func note(_ number: Int) {
    confirm(number)
    if handled.contains(number) { problems.append("\(number) was settled, and came again") }
    if buried.contains(number) { problems.append("\(number) is a dead letter, and came again") }
    if number >= next { problems.append("\(number) was never published") }
    openBurials.remove(number)
    for open in openSettlements where open.child == number { handled.insert(open.parent) }
    for open in openSettlements where open.parent == number {
      // It was not settled, so what was to be published with it must never come.
      if let child = open.child { handled.insert(child) }
    }
    openSettlements.removeAll { $0.parent == number || $0.child == number }
    guard !redriven.contains(number), seenInLife.insert(number).inserted else { return }
    if let last = lastOfKey[number % 3], last > number { problems.append("\(number) came after \(last)") }
    lastOfKey[number % 3] = number
  }

  private mutating func settle(_ index: Int) async throws {
    guard let first = held[index].first else { return }
    held[index].removeFirst()
    var child: Int?
    if random.next(below: 2) == 0 {
      child = next
      next += 1
    }
    openSettlements.append((first.number, child))
    let stale = try await consumers[index].settle([
      BrokerSettlement(first.receipt, .handled(publishing: try child.map { [try event($0)] } ?? []))
    ])
    if !stale.isEmpty { problems.append("\(first.number) is stale") }
    openSettlements.removeAll { $0.parent == first.number }
    handled.insert(first.number)
    if let child { stored.insert(child) }
  }

  private mutating func bury(_ index: Int) async throws {
    guard let first = held[index].first else { return }
    held[index].removeFirst()
    openBurials.insert(first.number)
    let death = DeadLetter.Death(
      reason: .poison, lastError: "it broke", deliveries: 1, time: UnixTime(nanoseconds: 5))
    try await consumers[index].settle([
      BrokerSettlement(first.receipt, .deadLettered(death, history: first.history))
    ])
    openBurials.remove(first.number)
    buried.insert(first.number)
  }

  private mutating func redrive() async throws {
    guard let broker, let letter = try await broker.deadLetters(limit: 1).first,
      let number = Int(letter.event.id)
    else { return }
    openBurials.remove(number)
    if handled.contains(number) { problems.append("\(number) was handled, and is a dead letter") }
    // From here on it is either, until one of both is seen.
    buried.remove(number)
    redriven.insert(number)
    openBurials.insert(number)
    guard try await broker.redrive(letter.id) else {
      problems.append("\(number) was not redriven")
      return
    }
    openBurials.remove(number)
  }

  private mutating func giveBack(_ index: Int) async throws {
    let deliveries = held[index]
    held[index] = []
    try await consumers[index].settle(
      deliveries.map { BrokerSettlement($0.receipt, .returned(deliveries: $0.deliveries + 1)) })
  }

  // MARK: - The end

  /// Opens it a last time, and looks at all that is there.
  mutating func finish() async {
    do {
      try await open()
      var came: [Int] = []
      while true {
        try await receive(0, limit: 10)
        if held[0].isEmpty { break }
        came += held[0].map(\.number)
        try await consumers[0].settle(held[0].map { BrokerSettlement($0.receipt, .handled()) })
        held[0] = []
      }
      let present = Set(came)
      let letters = try await broker?.deadLetters(limit: 1000).compactMap { Int($0.event.id) } ?? []
      check(present, Set(letters))
      if Set(letters).count != letters.count { problems.append("a dead letter is there twice: \(letters)") }
      if present.count != came.count { problems.append("an event came twice in one life") }
    } catch {
      problems.append("at the end: \(error)")
    }
  }

  private mutating func check(_ present: Set<Int>, _ letters: Set<Int>) {
    for open in openSettlements {
      let childCame = open.child.map { present.contains($0) || letters.contains($0) }
      if present.contains(open.parent) || childCame == true {
        problems.append("an open settlement of \(open.parent) was not told by what came")
      }
      if childCame == false { problems.append("neither \(open.parent) nor \(open.child ?? -1) is there") }
      handled.insert(open.parent)
    }
    for number in stored.sorted() where !handled.contains(number) {
      if !present.contains(number), !letters.contains(number) { problems.append("\(number) is lost") }
    }
    for number in present.intersection(letters) { problems.append("\(number) is there, and a dead letter") }
    for number in buried where !letters.contains(number) {
      problems.append("the letter of \(number) is lost")
    }
  }
}

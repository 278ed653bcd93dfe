import ResilienceEventBus

/// A process that publishes and consumes on a bus whose broker is a journal.
///
/// Publishers number their events; a handler publishes the effect of each behind an outbox; another handler
/// writes effects down.
struct BusProcess {
  private static let number = EventType<Int>("number")
  private static let effect = EventType<Int>("effect")

  private let bus: EventBus
  private let broker: JournalBroker
  private let effects: Journal

  init(in path: String) async throws {
    broker = try await JournalBroker.open(
      LocalDirectory(path: path + "/events"),
      policy: BrokerPolicy(window: 64, checkpointInterval: 500), journalPolicy: .durability)
    effects = try await Journal.open(LocalDirectory(path: path + "/effects"), policy: .durability)
    bus = EventBus(source: "durability", broker: broker)
    let (bus, effects) = (bus, effects)
    try bus.subscribe(
      to: Self.number, group: "work",
      handler: EventHandler("work") { (event: Event<Int>) in
        try await bus.publish(event.data, as: Self.effect, subject: event.subject)
      }.outbox(bus))
    try bus.subscribe(to: Self.effect, group: "effects") { event in
      let text = "\(event.subject ?? "") \(event.data) \(event.id)"
      try await effects.append(JournalRecord(Array(text.utf8)))
    }
  }

  /// Publishes from eight tasks, numbers from `first` on, until it is killed; says each event once it is
  /// stored.
  func runForever(from first: Int) async throws {
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await bus.run() }
      say("ready")
      for publisher in 0..<8 {
        tasks.addTask {
          for number in first... {
            try await bus.publish(number, as: Self.number, subject: "\(publisher)")
            say(Numbered(publisher: publisher, number: number).text)
          }
        }
      }
      try await tasks.waitForAll()
    }
  }

  /// Delivers what is left, and ends.
  func drain() async throws {
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await bus.run() }
      while broker.snapshot().groups.count < 2 || broker.snapshot().groups.contains(where: { $0.lag > 0 }) {
        try await SystemClock().sleep(for: .milliseconds(5))
      }
      await bus.shutDown(grace: .seconds(5))
      try await tasks.waitForAll()
    }
    try await broker.close()
    try await effects.close()
  }
}

/// Kills the process so many times, lets it end once, and looks for the effect of every event that it has
/// acknowledged: one, in order for each publisher.
func killAndCheckBus(in path: String, kills: Int, seed: UInt64) async throws {
  print("\(kills) kills of a bus, seed \(seed)")
  let random = SeededRandomSource(seed: seed)
  var acknowledged: Set<Numbered> = []
  for life in 0..<kills {
    let first = life * 1_000_000
    let lines = try KilledProcess.run(["bus", path, "\(first)"], milliseconds: random.next(below: 200))
    for line in lines {
      guard let numbered = Numbered(line) else { throw Problem("the process has said \(line)") }
      acknowledged.insert(numbered)
    }
  }
  try await BusProcess(in: path).drain()
  let seen = try await Effects(in: path)
  for numbered in acknowledged where seen.ids[numbered] == nil {
    throw Problem("\(numbered.text) was acknowledged and has no effect")
  }
  if let (numbered, ids) = seen.ids.first(where: { $0.value.count > 1 }) {
    throw Problem("\(numbered.text) has \(ids.count) effects: \(ids)")
  }
  print(
    """
    \(acknowledged.count) acknowledged events; \(seen.ids.count) effects, one of each, in order; \(seen.repetitions) \
    were delivered again
    """)
}

/// What was written down of effects.
private struct Effects {
  /// The ids of the events that were the effect: one, however often it was delivered.
  private(set) var ids: [Numbered: Set<String>] = [:]
  private(set) var repetitions = 0

  init(in path: String) async throws {
    let journal = try await Journal.open(LocalDirectory(path: path + "/effects"), policy: .durability)
    var last: [Int: Int] = [:]
    var problems: [String] = []
    try await journal.forEach(from: 0) { entry in
      let text = String(decoding: entry.record.payload, as: UTF8.self)
      guard let numbered = Numbered(text), let id = text.split(separator: " ").last else {
        problems.append("\(text) was written down")
        return
      }
      if ids[numbered, default: []].insert(String(id)).inserted, ids[numbered]?.count == 1 {
        if numbered.number <= last[numbered.publisher, default: -1] {
          problems.append("\(numbered.text) came behind \(last[numbered.publisher, default: -1])")
        }
        last[numbered.publisher] = numbered.number
      } else {
        repetitions += 1
      }
    }
    try await journal.close()
    if let problem = problems.first { throw Problem("\(problems.count) problems: \(problem)") }
  }
}

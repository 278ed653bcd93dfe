/// What a consumer has to commit, and who waits for that. Belongs to the consumer's thread.
final class CommitQueue {
  struct Waiting {
    let deadline: Int
    let isHandOut: Bool
    let completion: MemberCommand.Completion<Void>
  }

  struct Flight {
    let partitions: Set<Int32>
    var waiting: [Waiting]
  }

  /// So often what a group has only passed over is committed.
  private static let flushInterval = 5000

  private(set) var partitions: Set<Int32> = []
  private var passedOver: Set<Int32> = []
  private var flushAt = 0
  private var waiting: [Waiting] = []
  private var flight: Flight?
  private var retryAt = 0
  var timeout = 0

  var isBusy: Bool { flight != nil }
  var isDirty: Bool { !partitions.isEmpty || !waiting.isEmpty }

  /// In how many milliseconds there is something to commit; `nil` when there is nothing, or one is under way.
  var delay: Int? { isDirty && !isBusy ? max(0, retryAt - monotonicMilliseconds()) : nil }

  func dirty(_ partition: Int32) { partitions.insert(partition) }

  func passed(_ partition: Int32) { passedOver.insert(partition) }

  /// They are another consumer's.
  func forget(_ numbers: [Int32]) {
    passedOver.subtract(numbers)
    // Whoever waits is told that it was taken away.
    if !hasWaiting { partitions.subtract(numbers) }
  }

  /// Of what is taken away: what was passed over is committed before.
  func flushPassed(_ numbers: [Int32]) { partitions.formUnion(passedOver.intersection(numbers)) }

  var hasWaiting: Bool { !waiting.isEmpty || flight.map { !$0.waiting.isEmpty } ?? false }

  func flush(_ numbers: [Int32]) { partitions.formUnion(numbers) }

  func involves(_ numbers: [Int32]) -> Bool {
    isBusy || !partitions.isDisjoint(with: numbers)
  }

  func add(isHandOut: Bool = false, _ completion: @escaping MemberCommand.Completion<Void>) {
    let deadline = monotonicMilliseconds() + timeout
    waiting.append(Waiting(deadline: deadline, isHandOut: isHandOut, completion: completion))
  }

  /// What nobody has yet is not handed out.
  func failHandOuts(_ failure: KafkaError) {
    let handOuts = waiting.filter(\.isHandOut)
    waiting.removeAll(where: \.isHandOut)
    for one in handOuts { one.completion(.failure(failure)) }
  }

  /// What is to be committed now. `finish` follows.
  func begin() -> Set<Int32>? {
    let now = monotonicMilliseconds()
    expire(now)
    guard flight == nil, now >= retryAt else { return nil }
    if now >= flushAt {
      partitions.formUnion(passedOver)
      passedOver = []
      flushAt = now + Self.flushInterval
    }
    guard isDirty else { return nil }
    let begun = Flight(partitions: partitions, waiting: waiting)
    flight = begun
    partitions = []
    waiting = []
    return begun.partitions
  }

  /// - Parameters:
  ///   - failure: `nil` when it is in Kafka.
  ///   - isFinal: Whether it is not to be tried again.
  func finish(_ failure: KafkaError?, isFinal: Bool = false) {
    guard let flight else { return }
    self.flight = nil
    guard let failure else {
      for one in flight.waiting { one.completion(.success(())) }
      return
    }
    if isFinal {
      for one in flight.waiting { one.completion(.failure(failure)) }
      return
    }
    partitions.formUnion(flight.partitions)
    waiting = flight.waiting + waiting
    retryAt = monotonicMilliseconds() + 50
    lastFailure = failure
    expire(monotonicMilliseconds())
  }

  private var lastFailure: KafkaError?

  private func expire(_ now: Int) {
    let late = waiting.filter { $0.deadline <= now } + (flight?.waiting.filter { $0.deadline <= now } ?? [])
    guard !late.isEmpty else { return }
    waiting.removeAll { $0.deadline <= now }
    flight?.waiting.removeAll { $0.deadline <= now }
    let failure = lastFailure ?? KafkaError(.failed, "commit", "there was no answer in time")
    for one in late { one.completion(.failure(failure)) }
  }

  /// Nothing is committed any more.
  func fail(_ error: any Error) {
    let all = (flight?.waiting ?? []) + waiting
    flight?.waiting = []
    waiting = []
    for one in all { one.completion(.failure(error)) }
  }
}

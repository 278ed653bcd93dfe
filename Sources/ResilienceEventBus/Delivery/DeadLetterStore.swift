internal import ResilienceCore

/// The dead letters of a bus, oldest first.
///
/// Bounded: when it is full, the oldest letter makes room. That is counted in ``discarded``, and
/// ``EventBusEvent`` has told of each letter before.
public final class DeadLetterStore: Sendable {
  fileprivate struct State {
    /// Their numbers grow. One that was taken out is `nil` until it gets to the front, or most are.
    var slots = FIFO<Slot>()
    var count = 0
    var lastNumber = 0
    var discarded = 0
  }

  fileprivate struct Slot {
    let number: Int
    var letter: DeadLetter?
  }

  /// The most letters that are kept.
  public let capacity: Int

  private let state = Lock(State())

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// The letters, oldest first.
  public var letters: [DeadLetter] {
    // As they are now: the first change that comes while they are read copies them all, with the lock held.
    // That takes as long as copying them here would, and is seldom needed.
    let (slots, count) = state.withLock { ($0.slots, $0.count) }
    var letters: [DeadLetter] = []
    letters.reserveCapacity(count)
    for place in 0..<slots.count {
      if let letter = slots[place].letter { letters.append(letter) }
    }
    return letters
  }

  /// Letters that are kept.
  public var count: Int { state.withLock { $0.count } }

  /// Letters that made room for later ones.
  public var discarded: Int { state.withLock { $0.discarded } }

  /// The letters that `predicate` picks, oldest first.
  public func letters(where predicate: (DeadLetter) -> Bool) -> [DeadLetter] {
    letters.filter(predicate)
  }

  /// Takes a letter out: it has been dealt with.
  ///
  /// - Returns: Whether it was there.
  @discardableResult
  public func remove(_ letter: DeadLetter) -> Bool {
    // Let go outside the lock: its payload is a user's.
    let removed = state.withLock { $0.remove(letter) }
    return removed != nil
  }

  /// - Returns: The letter that made room, to be let go outside every lock.
  func append(_ make: (_ number: Int) -> DeadLetter) -> DeadLetter? {
    state.withLock { state in
      state.lastNumber += 1
      var oldest: DeadLetter?
      if state.count == capacity {
        oldest = state.removeOldest()
        state.discarded += 1
      }
      state.slots.append(Slot(number: state.lastNumber, letter: make(state.lastNumber)))
      state.count += 1
      return oldest
    }
  }
}

extension DeadLetterStore.State {
  fileprivate mutating func remove(_ letter: DeadLetter) -> DeadLetter? {
    var (low, high) = (0, slots.count)
    while low < high {
      let middle = (low + high) / 2
      if slots[middle].number < letter.number { low = middle + 1 } else { high = middle }
    }
    guard low < slots.count, slots[low].letter?.message === letter.message else { return nil }
    let removed = slots[low].letter
    slots[low].letter = nil
    count -= 1
    dropFront()
    // Half of them at a time, so that each is moved a few times in its life.
    if slots.count > 2 * count + 64 { slots.removeAll { $0.letter == nil } }
    return removed
  }

  fileprivate mutating func removeOldest() -> DeadLetter? {
    dropFront()
    let oldest = slots.popFirst()?.letter
    count -= 1
    dropFront()
    return oldest
  }

  private mutating func dropFront() {
    while !slots.isEmpty, slots.front.letter == nil { _ = slots.popFirst() }
  }
}

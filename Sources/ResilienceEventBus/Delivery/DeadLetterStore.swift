internal import ResilienceCore

/// The dead letters of a bus, oldest first.
///
/// Bounded: when it is full, the oldest letter makes room. That is counted in ``discarded``, and
/// ``EventBusEvent`` has told of each letter before.
public final class DeadLetterStore: Sendable {
  private struct State {
    var letters = FIFO<DeadLetter>()
    var lastNumber = 0
    var discarded = 0
  }

  /// The most letters that are kept.
  public let capacity: Int

  private let state = Lock(State())

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// The letters, oldest first.
  public var letters: [DeadLetter] { state.withLock { $0.letters.elements } }

  /// Letters that are kept.
  public var count: Int { state.withLock { $0.letters.count } }

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
    state.withLock { state in
      let count = state.letters.count
      state.letters.removeAll { $0.number == letter.number && $0.message === letter.message }
      return state.letters.count < count
    }
  }

  /// - Returns: The letter that made room, to be let go outside every lock.
  func append(_ make: (_ number: Int) -> DeadLetter) -> DeadLetter? {
    state.withLock { state in
      state.lastNumber += 1
      var oldest: DeadLetter?
      if state.letters.count == capacity {
        oldest = state.letters.popFirst()
        state.discarded += 1
      }
      state.letters.append(make(state.lastNumber))
      return oldest
    }
  }
}

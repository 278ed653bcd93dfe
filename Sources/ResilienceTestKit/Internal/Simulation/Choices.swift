internal import ResilienceCore

/// Who decides when there is a choice: dice thrown from a seed, or a script to be followed and then extended.
final class Choices: Sendable {
  /// One decision: which of how many.
  struct Choice: Sendable, Hashable {
    var taken: Int
    var options: Int
  }

  private struct State {
    var script: [Int]
    var made: [Choice] = []
  }

  private let dice: SeededRandomSource?
  private let state: Lock<State>

  /// Throws dice.
  init(seed: UInt64) {
    dice = SeededRandomSource(seed: seed)
    state = Lock(State(script: []))
  }

  /// Follows `script`, then takes the first option each time; remembers what it chose.
  init(script: [Int]) {
    dice = nil
    state = Lock(State(script: script))
  }

  /// The decisions made so far. Dice remember nothing.
  var made: [Choice] { state.withLock { $0.made } }

  /// One of `0 ..< options`. A single option is no decision.
  func next(of options: Int) -> Int {
    guard options > 1 else { return 0 }
    if let dice { return dice.next(below: options) }
    return state.withLock { state in
      let position = state.made.count
      let taken = position < state.script.count ? min(max(0, state.script[position]), options - 1) : 0
      state.made.append(Choice(taken: taken, options: options))
      return taken
    }
  }

  /// Orders timers of one instant: at random with dice, by arming with a script.
  func rank() -> UInt64 { dice?.next() ?? 0 }
}

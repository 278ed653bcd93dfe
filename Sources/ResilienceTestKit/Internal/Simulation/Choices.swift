internal import ResilienceCore

/// Decides what runs next.
///
/// The options of a step are the timers that are due, then the runnable jobs, the oldest first each. Option
/// 0 everywhere is the plain schedule; every other option is a departure from it, and sends what it
/// overtakes to the back: a task that must be slow takes one departure a round.
final class Choices: Sendable {
  /// One decision: at which step, and which of how many.
  struct Choice: Sendable, Hashable {
    var step: Int
    var taken: Int
    var options: Int

    /// The option that an enumeration tries after this one.
    var next: Int?
  }

  private enum Order {
    case dice(SeededRandomSource)
    case priorities(PriorityOrder)
    case script([Int: Int])
    case projection(ProjectedOrder)
  }

  private struct State {
    var order: Order
    var made: [Choice] = []
  }

  /// Whether it looks at what the options are.
  let readsNames: Bool
  private let isRecording: Bool
  private let timerLimit: Int
  /// Of a run that throws dice and remembers nothing.
  private let dice: SeededRandomSource?
  private let state: Lock<State>

  private init(_ order: Order, isRecording: Bool, readsNames: Bool = false, timerLimit: Int = .max) {
    self.isRecording = isRecording
    self.readsNames = readsNames
    self.timerLimit = timerLimit
    dice = if case .dice(let dice) = order, !isRecording { dice } else { nil }
    state = Lock(State(order: order))
  }

  /// Throws dice.
  convenience init(seed: UInt64, isRecording: Bool = false) {
    self.init(.dice(SeededRandomSource(seed: seed)), isRecording: isRecording)
  }

  /// Follows priorities, which change a few times.
  convenience init(priorities: PriorityOrder, isRecording: Bool = false) {
    self.init(.priorities(priorities), isRecording: isRecording, readsNames: true)
  }

  /// Keeps the order of some, and takes option 0 among the others.
  convenience init(projection: ProjectedOrder) {
    self.init(.projection(projection), isRecording: true, readsNames: true)
  }

  /// Takes option 0, but for the steps that `script` names.
  ///
  /// - Parameter timerLimit: How many of the timers of one instant an enumeration tries.
  convenience init(script: [Int: Int], timerLimit: Int = .max) {
    self.init(.script(script), isRecording: true, timerLimit: timerLimit)
  }

  /// The decisions so far where there was more than one option, if they are recorded.
  var made: [Choice] { state.withLock { $0.made } }

  /// How many tasks and timers priorities were given to.
  var namesSeen: Int {
    state.withLock { state in
      if case .priorities(let order) = state.order { order.count } else { 0 }
    }
  }

  /// One of the timers, counted from 0, or of the jobs, counted on.
  ///
  /// - Parameter names: What the options are called, in their order.
  func next(at step: Int, timers: Int, jobs: Int, _ names: () -> [UInt64]) -> Int {
    let options = timers + jobs
    guard options > 1 || readsNames else { return 0 }
    if let dice { return dice.next(below: options) }
    let names = readsNames ? names() : []
    return state.withLock { state in
      let taken: Int
      switch state.order {
      case .dice(let dice): taken = dice.next(below: options)
      case .script(let script): taken = min(max(0, script[step] ?? 0), options - 1)
      case .priorities(var order):
        taken = order.next(at: step, names)
        state.order = .priorities(order)
      case .projection(var order):
        taken = order.next(names)
        state.order = .projection(order)
      }
      if isRecording, options > 1 {
        let after = taken + 1 >= timerLimit ? max(taken + 1, timers) : taken + 1
        state.made.append(
          Choice(step: step, taken: taken, options: options, next: after < options ? after : nil))
      }
      return taken
    }
  }
}

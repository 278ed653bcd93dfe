internal import ResilienceCore
internal import Synchronization

/// What must hold while a simulation runs.
final class Invariants: Sendable {
  typealias Condition = @Sendable () -> Bool

  private struct Goal {
    let message: String
    let end: Instant
    let condition: Condition
  }

  private struct State {
    var always: [(message: String, condition: Condition)] = []
    var goals: [Goal] = []
  }

  private let state = Lock(State())
  private let areThere = Atomic(false)

  func add(_ message: String, _ condition: @escaping Condition) {
    areThere.store(true, ordering: .relaxed)
    state.withLock { $0.always.append((message, condition)) }
  }

  func addGoal(_ message: String, until end: Instant, _ condition: @escaping Condition) {
    areThere.store(true, ordering: .relaxed)
    state.withLock { $0.goals.append(Goal(message: message, end: end, condition: condition)) }
  }

  /// After something ran.
  func check(at now: Instant, step: Int) throws(Violation) {
    guard areThere.load(ordering: .relaxed) else { return }
    let (always, goals) = state.withLock { ($0.always, $0.goals) }
    for invariant in always where !invariant.condition() {
      throw Violation(message: invariant.message, instant: now, step: step)
    }
    guard !goals.isEmpty else { return }
    // Those that conditions add meanwhile are behind these.
    let open = goals.filter { !$0.condition() }
    state.withLock { $0.goals.replaceSubrange(..<goals.count, with: open) }
  }

  /// Before the time moves to `next`, with nothing left to do before it; `nil` at the end of the run.
  func checkGoals(before next: Instant?, step: Int, at now: Instant) throws(Violation) {
    let goals = state.withLock { $0.goals }
    guard let missed = goals.first(where: { goal in next.map { $0 > goal.end } ?? true }) else { return }
    let end = next == nil ? "the run ended before it did" : "it did not until \(missed.end)"
    throw Violation(
      message: "\(missed.message): \(end)", instant: next == nil ? now : missed.end, step: step)
  }
}

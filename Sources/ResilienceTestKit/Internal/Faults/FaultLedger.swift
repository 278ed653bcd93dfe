internal import ResilienceCore

/// Which planned faults a run lets happen, and which have happened.
final class FaultLedger: Sendable {
  private struct State {
    var drawn = 0
    var begun: [FaultOccurrence] = []
  }

  private let kept: Set<Int>?
  private let state = Lock(State())

  /// - Parameter kept: The numbers of those that happen; `nil` for all.
  init(keeping kept: Set<Int>?) {
    self.kept = kept
  }

  /// Those that have begun, in that order.
  var begun: [FaultOccurrence] { state.withLock { $0.begun } }

  var hasDrawn: Bool { state.withLock { $0.drawn > 0 } }

  /// The number of the fault that is drawn next; the first of `count` that are taken.
  func nextNumbers(_ count: Int) -> Int {
    state.withLock { state in
      defer { state.drawn += count }
      return state.drawn
    }
  }

  func keeps(_ number: Int) -> Bool { kept?.contains(number) ?? true }

  func begin(_ occurrence: FaultOccurrence) {
    state.withLock { $0.begun.append(occurrence) }
  }
}

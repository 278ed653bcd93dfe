import Resilience
import Synchronization

/// What came of one outage.
struct Recovery: Sendable {
  /// From the service's return to the first answer, in seconds.
  var firstAnswer = Double.infinity
  /// Of the calls that began after its return: the share that a layer refused.
  var refused = 0.0
  /// Of the calls that began after its return: the share that failed in another way.
  var failed = 0.0
  /// The most that was offered to the service within ten seconds, for each call made.
  var load = 0.0
}

/// Takes down what one run's calls come to.
final class Log: Sendable {
  enum End: Sendable {
    case answered, refused, failed
  }

  private struct State: Sendable {
    var firstAnswer: Instant?
    var after = 0
    var refused = 0
    var failed = 0
    /// Calls made, and those offered to the service, at the beginning of each second.
    var marks: [(calls: Int, offered: Int)] = []
    var calls = 0
  }

  private let outage: Outage
  private let state = Mutex(State())

  init(outage: Outage) {
    self.outage = outage
  }

  func began(at now: Instant, offered: Int) {
    let second = Int(now.nanoseconds / 1_000_000_000)
    state.withLock { state in
      while state.marks.count <= second { state.marks.append((state.calls, offered)) }
      state.calls += 1
      if now >= outage.end { state.after += 1 }
    }
  }

  func ended(_ begin: Instant, at now: Instant, _ end: End) {
    state.withLock { state in
      if end == .answered, now >= outage.end, state.firstAnswer == nil { state.firstAnswer = now }
      guard begin >= outage.end else { return }
      switch end {
      case .answered: break
      case .refused: state.refused += 1
      case .failed: state.failed += 1
      }
    }
  }

  var recovery: Recovery {
    state.withLock { state in
      var recovery = Recovery()
      if let first = state.firstAnswer {
        recovery.firstAnswer = Double(outage.end.nanoseconds(to: first)) / 1e9
      }
      recovery.refused = Double(state.refused) / Double(max(1, state.after))
      recovery.failed = Double(state.failed) / Double(max(1, state.after))
      for (from, to) in zip(state.marks, state.marks.dropFirst(10)) {
        let load = Double(to.offered - from.offered) / Double(max(1, to.calls - from.calls))
        recovery.load = max(recovery.load, load)
      }
      return recovery
    }
  }
}

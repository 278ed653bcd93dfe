internal import ResilienceCore
internal import Synchronization

/// The percentile of a histogram that many calls write, as one word that each of them reads.
final class LearnedDelay: Sendable {
  private static let unknown: Int64 = -1
  private static let refreshInterval = 32

  private struct State {
    var histogram = LatencyHistogram()
    var untilRefresh: Int
    var learning: HedgeDelay.Learning
  }

  private let state: Lock<State>
  private let delay = Atomic(LearnedDelay.unknown)
  private let median = Atomic<Int64>(0)

  init(_ learning: HedgeDelay.Learning) {
    state = Lock(State(untilRefresh: learning.minimumSamples, learning: learning))
  }

  /// `nil` until enough calls were seen.
  var nanoseconds: Int64? {
    let delay = delay.load(ordering: .relaxed)
    return delay == Self.unknown ? nil : delay
  }

  /// How long every second call takes; 0 until enough calls were seen.
  var typicalNanoseconds: Int64 { median.load(ordering: .relaxed) }

  var samples: Int { state.withLock { $0.histogram.samples } }

  /// Notes how long a first attempt took.
  ///
  /// One that did not succeed says nothing by ending early, but by ending late, most often because another
  /// attempt won and it was cancelled: left out, the slowest calls would be missing and the delay would sink
  /// from hedge to hedge.
  func record(nanoseconds elapsed: Int64, succeeded: Bool) {
    guard succeeded || nanoseconds.map({ elapsed >= $0 }) ?? false else { return }
    state.withLock { state in
      state.histogram.record(nanoseconds: elapsed)
      state.untilRefresh -= 1
      guard state.untilRefresh <= 0 else { return }
      refresh(&state)
    }
  }

  /// Goes by other values from now on; what was learned stays.
  func update(_ learning: HedgeDelay.Learning) {
    state.withLock { state in
      guard state.learning != learning else { return }
      state.learning = learning
      let missing = learning.minimumSamples - state.histogram.samples
      if missing <= 0 { return refresh(&state) }
      state.untilRefresh = missing
      delay.store(Self.unknown, ordering: .relaxed)
    }
  }

  private func refresh(_ state: inout State) {
    let learning = state.learning
    state.untilRefresh = Self.refreshInterval
    let percentile = state.histogram.nanoseconds(exceededBy: 1 - learning.percentile / 100)
    median.store(state.histogram.nanoseconds(exceededBy: 0.5), ordering: .relaxed)
    delay.store(
      min(max(percentile, learning.atLeastNanoseconds), learning.atMostNanoseconds), ordering: .relaxed)
  }
}

internal import CResilienceSimulation
internal import ResilienceCore

/// The end of a run: what sleeps is cancelled, and what was cancelled runs until nothing is left, in the
/// order in which it became runnable.
///
/// Time stands still. A loop that takes its cancellation for a short sleep would never give way again
/// (`while true { try? await Task.sleep(for: .seconds(1)) }`), so this happens on a thread that can be
/// left.
final class RunEnding {
  /// How many jobs may run before the others are abandoned.
  private static let jobLimit = 100_000
  /// How often one job may read the time before it is abandoned.
  private static let readingLimit: Int64 = 2_000

  private let executor: SimulationExecutor
  private let timeline: Timeline
  private var jobsLeft = RunEnding.jobLimit

  init(_ executor: SimulationExecutor, _ timeline: Timeline) {
    self.executor = executor
    self.timeline = timeline
  }

  /// Ends what armed `sleepers`, and all that sleeps afterwards.
  ///
  /// - Returns: How many tasks did not end.
  func end(_ sleepers: [Timeline.Timer]) -> Int {
    var abandoned = 0
    timeline.beginEnding()
    cancel(sleepers)
    let argument = Unmanaged.passUnretained(self).toOpaque()
    while true {
      let result = resilience_run_apart(
        executor.driver,
        { argument in
          guard let argument else { return }
          Unmanaged<RunEnding>.fromOpaque(argument).takeUnretainedValue().runWhatIsLeft()
        }, argument)
      guard result == 1 else { break }
      abandoned += 1
    }
    executor.driver.pointee.reads_left = 0
    return abandoned + executor.removeAll() + timeline.takeAll().count
  }

  private func cancel(_ sleepers: [Timeline.Timer]) {
    for sleeper in sleepers where !sleeper.isGone { sleeper.cancelTask() }
    // The runtime's own wake-ups find that nobody waits for them, and give back what they hold.
    for case .job(let job, let life) in sleepers.map(\.due) { executor.enqueue(job, of: life) }
  }

  private func runWhatIsLeft() {
    while jobsLeft > 0 {
      executor.driver.pointee.reads_left = Self.readingLimit
      jobsLeft -= 1
      if executor.runFirst() { continue }
      let sleepers = timeline.takeAll()
      if sleepers.isEmpty { return }
      cancel(sleepers)
    }
  }
}

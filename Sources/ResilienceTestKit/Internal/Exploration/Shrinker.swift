internal import ResilienceCore

/// Makes a failing run small: fewer faults, fewer departures from the plain schedule, nearer ones.
///
/// Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): chunks of
/// departures are left out, from halves to single ones, and what still fails in the same way is kept.
struct Shrinker {
  private let runner: Runner
  private let kind: FailureKind
  private var runsLeft: Int
  private var stepsLeft: Int
  private(set) var best: RunRecord
  private(set) var runs = 0

  /// - Parameters:
  ///   - failed: A recorded run with an error.
  ///   - runLimit: How many runs it may make.
  ///   - stepLimit: How many steps these may have together.
  init(_ failed: RunRecord, _ error: any Error, runner: Runner, runLimit: Int, stepLimit: Int) {
    best = failed
    kind = FailureKind(error)
    self.runner = runner
    runsLeft = runLimit
    stepsLeft = stepLimit
  }

  mutating func shrink() {
    if !attempt([:], faults: []) { _ = attempt([:]) }
    dropFaults()
    cutTail()
    var before: [Int: Int]?
    while before != best.departures, runsLeft > 0, stepsLeft > 0 {
      before = best.departures
      dropDepartures()
      lowerOptions()
    }
    dropFaults()
  }

  private var faults: Set<Int> { Set(best.faults.map(\.number)) }

  private mutating func dropFaults() {
    for fault in faults.sorted().reversed() where faults.contains(fault) {
      _ = attempt(best.departures, faults: faults.subtracting([fault]))
    }
  }

  /// The shortest beginning that fails, if all departures after it can be left out; else whatever is found.
  private mutating func cutTail() {
    var low = 0
    var high = best.departures.count
    while low < high {
      let middle = (low + high) / 2
      let departures = best.departures.sorted { $0.key < $1.key }
      guard middle < departures.count else { return }
      if attempt(Dictionary(uniqueKeysWithValues: Array(departures.prefix(middle)))) {
        high = min(middle, best.departures.count)
      } else {
        low = middle + 1
      }
      guard runsLeft > 0 else { return }
    }
  }

  private mutating func dropDepartures() {
    var size = max(1, best.departures.count / 2)
    while !best.departures.isEmpty {
      var start = 0
      while start < best.departures.count, runsLeft > 0, stepsLeft > 0 {
        var rest = best.departures
        for (step, _) in best.departures.sorted(by: { $0.key < $1.key }).dropFirst(start).prefix(size) {
          rest[step] = nil
        }
        if !attempt(rest) { start += size }
      }
      if size == 1 { return }
      size /= 2
    }
  }

  private mutating func lowerOptions() {
    for step in best.departures.keys.sorted() {
      guard let option = best.departures[step], option > 1 else { continue }
      for lower in Set([1, option / 2, option - 1]).sorted() where best.departures[step] == option {
        var changed = best.departures
        changed[step] = lower
        _ = attempt(changed)
      }
    }
  }

  /// Makes a run; keeps it when it fails in the same way and is no larger.
  private mutating func attempt(_ departures: [Int: Int], faults: Set<Int>? = nil) -> Bool {
    let kept = faults ?? self.faults
    guard runsLeft > 0, stepsLeft > 0, departures != best.departures || kept != self.faults else { return false }
    runsLeft -= 1
    runs += 1
    let record = runner.run(
      RunRecipe(seed: best.recipe.seed, order: .script(departures), faults: kept), recording: true)
    stepsLeft -= record.steps
    guard let error = record.error, kind == FailureKind(error) else { return false }
    best = record
    return true
  }
}

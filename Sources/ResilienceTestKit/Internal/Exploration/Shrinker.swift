internal import ResilienceCore

/// Makes a failing run small: fewer faults, fewer tasks whose order matters, fewer departures from the plain
/// schedule.
///
/// Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002):
/// chunks are left out, from halves to single ones, and what still fails in the same way is kept. A
/// departure that is left out changes what all later ones mean, so that tasks come first: only the order of
/// some is kept as it was.
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
    if !attempt(.script([:]), faults: []) { _ = attempt(.script([:])) }
    dropFaults()
    if best.departures.count > 1 {
      bindFewer()
      cutTail()
    }
    var before: Int?
    while before != best.departures.count, hasBudget {
      before = best.departures.count
      dropDepartures()
    }
    lowerOptions()
    dropFaults()
  }

  private var hasBudget: Bool { runsLeft > 0 && stepsLeft > 0 }

  private var faults: Set<Int> { Set(best.faults.map(\.number)) }

  // MARK: - What is left out

  private mutating func dropFaults() {
    for fault in faults.sorted().reversed() where faults.contains(fault) {
      let rest = faults.subtracting([fault])
      if attempt(.script(best.departures), faults: rest) { continue }
      _ = attempt(.projection(best.order, of: Set(best.order)), faults: rest)
    }
  }

  /// Keeps the order of as few tasks and timers as needed.
  ///
  /// Which of them are left out first matters: the order of many others can stand in for that of the two
  /// that race. So it is tried several times.
  private mutating func bindFewer() {
    let order = best.order
    var bound: [UInt64] = []
    var known: Set<UInt64> = []
    for name in order where known.insert(name).inserted { bound.append(name) }
    let dice = SeededRandomSource(seed: 1)
    let limit = runsLeft / 2
    for _ in 0..<8 where runsLeft > limit && best.departures.count > 1 {
      var items = bound
      for index in items.indices.dropFirst() { items.swapAt(index, dice.next(below: index + 1)) }
      reduce(&items) { shrinker, rest in shrinker.attempt(.projection(order, of: Set(rest))) }
    }
  }

  /// Keeps as little of the beginning as needed.
  private mutating func cutTail() {
    let steps = best.departures.sorted { $0.key < $1.key }
    var (low, high) = (0, steps.count)
    while low < high, hasBudget {
      let middle = (low + high) / 2
      if attempt(.script(Dictionary(uniqueKeysWithValues: Array(steps[..<middle])))) {
        high = middle
      } else {
        low = middle + 1
      }
    }
  }

  private mutating func dropDepartures() {
    var steps = best.departures.keys.sorted()
    reduce(&steps) { shrinker, rest in
      let script = shrinker.best.departures.filter { rest.contains($0.key) }
      return shrinker.attempt(.script(script))
    }
  }

  /// Leaves out chunks of `items`, from halves to single ones, as long as `fails` holds for the rest.
  private mutating func reduce<Item>(_ items: inout [Item], _ fails: (inout Shrinker, [Item]) -> Bool) {
    var size = max(1, items.count / 2)
    while !items.isEmpty {
      var start = 0
      while start < items.count, hasBudget {
        let end = min(items.count, start + size)
        let rest = Array(items[..<start] + items[end...])
        if fails(&self, rest) {
          items = rest
        } else {
          start = end
        }
      }
      if size == 1 || !hasBudget { return }
      size = (size + 1) / 2
    }
  }

  private mutating func lowerOptions() {
    for step in best.departures.keys.sorted() where hasBudget {
      guard let option = best.departures[step], option > 1 else { continue }
      for lower in Set([1, option / 2, option - 1]).sorted() where best.departures[step] == option {
        var changed = best.departures
        changed[step] = lower
        _ = attempt(.script(changed))
      }
    }
  }

  // MARK: - Runs

  /// Makes a run; keeps it when it fails in the same way and is no larger.
  private mutating func attempt(_ order: RunRecipe.Order, faults: Set<Int>? = nil) -> Bool {
    guard hasBudget else { return false }
    runsLeft -= 1
    runs += 1
    let recipe = RunRecipe(seed: best.recipe.seed, order: order, faults: faults ?? self.faults)
    let record = runner.run(recipe, recording: true)
    stepsLeft -= record.steps
    guard let error = record.error, kind == FailureKind(error) else { return false }
    if record.departures.count <= best.departures.count { best = record }
    return true
  }
}

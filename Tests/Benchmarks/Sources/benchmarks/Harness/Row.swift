import Resilience

/// One case: how to prepare it, how to do it many times, and what it is compared with.
///
/// ```swift
/// Row.sync("limiter: permit, now given") {
///   let bucket = TokenBucket("benchmark", limit: .perSecond(1_000_000_000, burst: 1_000_000_000))
///   let now = SystemClock.read()
///   return { count in
///     var sum = 0
///     for _ in 0..<count where bucket.tryAcquire(at: now) == .acquired { sum &+= 1 }
///     return sum
///   }
/// }
/// .floor("floor: atomic add")
/// .target("limiter acquire, now given", instructions: 25, allocations: 0)
/// ```
///
/// The outer closure prepares, and is not measured. The inner one does the operation `count` times, in a loop
/// of its own so that nothing but the operation is in it, and returns something that depends on all of them,
/// so that none can be left out.
struct Row: Sendable {
  typealias Loop = @Sendable (_ count: Int) async throws -> Int

  let name: String
  let prepare: @Sendable () async throws -> Loop
  private(set) var threads = 1
  private(set) var places: [Place] = [.off]
  private(set) var operations = 1000
  private(set) var floor: String?
  private(set) var targets: Target?
  private(set) var growth: Growth?
  private(set) var peers: Peers?
  private(set) var remark: String?
  private(set) var isGated = true
  private(set) var tolerance: Double?

  private init(_ name: String, prepare: @escaping @Sendable () async throws -> Loop) {
    self.name = name
    self.prepare = prepare
  }
}

/// Where the loop runs.
enum Place: String, Sendable, CaseIterable {
  case off, actor, main
}

/// What a case may take at most: instructions and allocations of one operation, set before it was written.
struct Target: Sendable {
  let row: String
  let instructions: Int?
  let allocations: Double?
  /// The row that the instructions are counted on top of; none for all of them.
  let over: String?
}

/// How much more than with less around it a case may take: its instructions are those of `row` times `factor`
/// at most.
struct Growth: Sendable {
  let row: String
  let factor: Double
}

/// What other libraries take for the same work: measured in other programs and earlier, so for orientation
/// only.
struct Peers: Sendable {
  let row: String
  let figures: String
}

// MARK: - What is measured

extension Row {
  /// An operation that does not suspend.
  static func sync(
    _ name: String, _ prepare: @escaping @Sendable () -> @Sendable (_ count: Int) -> Int
  ) -> Row {
    Row(name) {
      let loop = prepare()
      return { count in loop(count) }
    }
  }

  /// An operation that may suspend.
  static func async(_ name: String, _ prepare: @escaping @Sendable () async throws -> Loop) -> Row {
    Row(name, prepare: prepare)
  }

  /// A call of a handler.
  static func call<Stack: Handler<Int, Int>>(
    _ name: String, _ prepare: @escaping @Sendable () -> Stack
  ) -> Row {
    Row(name) {
      let stack = prepare()
      return { count in try await calls(of: stack, count) }
    }
  }

  /// An operation that several threads do at the same time; its time is what passes, divided by all they do.
  ///
  /// How they meet is up to the machine, so it is not gated.
  static func threads(
    _ threads: Int, _ name: String,
    _ prepare: @escaping @Sendable () -> @Sendable (_ count: Int) -> Int
  ) -> Row {
    var row = Row(name) {
      let loop = prepare()
      return { count in onThreads(threads) { loop(count / threads) } }
    }
    row.threads = threads
    row.isGated = false
    return row
  }
}

@inline(never)
private func calls<Stack: Handler<Int, Int>>(of stack: Stack, _ count: Int) async throws -> Int {
  var sum = 0
  for input in 0..<count { sum &+= try await stack(input) }
  return sum
}

// MARK: - What it is compared with

extension Row {
  /// Measures it from several places: off any actor (the default), inside an actor, on the main actor.
  func from(_ places: Place...) -> Row { changed { $0.places = places } }

  /// How many operations allocations and instructions are counted over. Default: 1000.
  func counted(over operations: Int) -> Row { changed { $0.operations = operations } }

  /// The row, by its name, that does no more than what cannot be done without.
  func floor(_ name: String) -> Row { changed { $0.floor = name } }

  /// Sets a target; `row` names it in the table.
  func target(
    _ row: String, instructions: Int? = nil, allocations: Double? = nil, over: String? = nil
  ) -> Row {
    changed {
      $0.targets = Target(row: row, instructions: instructions, allocations: allocations, over: over)
    }
  }

  /// Bounds how its cost grows with what is around it: `factor` times the instructions of `row`, the same
  /// with less, at most; `row` itself has no bound. From 10 to 10 000 the logarithm grows fourfold.
  func growing(from row: String, atMost factor: Double) -> Row {
    row == name ? self : changed { $0.growth = Growth(row: row, factor: factor) }
  }

  /// Sets what other libraries take: the name of the work, and their figures.
  func beat(_ row: String, _ figures: String) -> Row {
    changed { $0.peers = Peers(row: row, figures: figures) }
  }

  /// The names of the rows that it is compared with.
  var comparedWith: [String] { [floor, targets?.over, growth?.row].compactMap(\.self) }

  /// Said beside the figures: why a target is missed.
  func because(_ remark: String) -> Row { changed { $0.remark = remark } }

  /// Leaves it out of the gate: what it counts does not repeat.
  func ungated() -> Row { gated(false) }

  func gated(_ isGated: Bool) -> Row { changed { $0.isGated = isGated } }

  /// How much more than its baseline it may take. Default: 0.05 of the instructions, nothing of the
  /// allocations. For what depends on where things happen to be in memory (the runtime's cache of casts), or
  /// on when tasks meet.
  func tolerating(_ share: Double) -> Row { changed { $0.tolerance = share } }

  private func changed(_ change: (inout Row) -> Void) -> Row {
    var row = self
    change(&row)
    return row
  }
}

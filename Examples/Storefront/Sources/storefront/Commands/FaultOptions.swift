import ArgumentParser

/// What is to happen to the processes of a day.
struct FaultOptions: ParsableArguments, Sendable {
  @Flag(help: "Kill each process in turn with SIGKILL, the engines too; not kafka, which would forget all.")
  var killEach = false

  @Option(help: "Kill a process at random with SIGKILL, each second, so many times; not kafka.")
  var killAtRandom = 0

  @Option(help: "Stop a process for ten seconds; may be given several times, as each of these.")
  var stop: [String] = []

  @Option(help: "Kill a process, and start it again after thirty seconds.")
  var away: [String] = []

  @Option(help: "Kill the hub, redis, kafka or etcd, and start it again without anything that it had kept.")
  var empty: [String] = []

  @Option(help: "Let no packet pass between two processes for ten seconds, such as gateway:orders.")
  var cut: [Pair] = []

  @Option(help: "Reset what goes between two processes for ten seconds, such as gateway:orders.")
  var reset: [Pair] = []

  @Option(help: "Fill the disk of the hub, an engine or a service for ten seconds.")
  var diskFull: [String] = []

  @Option(
    help:
      "Set the clock of a process for ten seconds, such as orders:+3600 or orders:-3600; by a minute at least."
  )
  var clock: [Setting] = []

  @Flag(
    help: "All of these in turn, as many as are possible here; kafka is neither killed nor away, but emptied."
  )
  var everyFault = false

  /// Two processes.
  struct Pair: ExpressibleByArgument, Sendable {
    var one, other: String

    init?(argument: String) {
      let names = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard names.count == 2, names[0] != names[1] else { return nil }
      (one, other) = (names[0], names[1])
    }
  }

  /// A process, and by how many seconds its clock is set.
  struct Setting: ExpressibleByArgument, Sendable {
    /// Ten years: a date beyond is no date of a clock.
    static let most = 315_360_000
    /// Less is not told from how long an answer takes.
    static let least = 60

    var name: String
    var ahead: Int

    init?(argument: String) {
      let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let ahead = Int(parts[1]),
        (-Self.most...Self.most).contains(ahead), abs(ahead) >= Self.least
      else { return nil }
      (name, self.ahead) = (String(parts[0]), ahead)
    }
  }

  func validate() throws {
    guard (0...10_000).contains(killAtRandom) else {
      throw ValidationError("\(killAtRandom) kills are not from 0 to 10000")
    }
    let needs: [(name: String, isAsked: Bool, whyNot: String?)] = [
      ("--cut", !cut.isEmpty, FaultEquipment.whyNoNetwork),
      ("--reset", !reset.isEmpty, FaultEquipment.whyNoNetwork),
      ("--disk-full", !diskFull.isEmpty, FaultEquipment.whyNoDisk),
      ("--clock", !clock.isEmpty, FaultEquipment.whyNoClock),
    ]
    for need in needs where need.isAsked {
      if let why = need.whyNot { throw ValidationError("\(need.name) cannot be done here: \(why)") }
    }
  }
}

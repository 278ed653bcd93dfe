public import ResilienceCore

/// Something that a ``FaultPlan`` may let happen: how it begins, how it ends, and how long it lasts.
///
/// ```swift
/// PlannedFault("the cache is empty") { cache.removeAll() }
/// PlannedFault("payment fails", for: .exponential(mean: .seconds(30))) {
///   chaos.switchOn()
/// } ended: {
///   chaos.switchOff()
/// }
/// ```
public struct PlannedFault: Sendable {
  /// What timelines and failures call it.
  public let name: String

  let duration: LatencyDistribution
  let start: @Sendable () -> Void
  let finish: (@Sendable () -> Void)?

  /// A fault that happens at once, and is over.
  ///
  /// - Parameters:
  ///   - name: What timelines and failures call it.
  ///   - body: Lets it happen. Runs as a timer of the simulation, and should be short.
  public init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    duration = .zero
    start = body
    finish = nil
  }

  /// A fault that lasts.
  ///
  /// - Parameters:
  ///   - name: What timelines and failures call it.
  ///   - duration: How long it lasts; drawn from the seed.
  ///   - body: Lets it begin. Runs as a timer of the simulation, and should be short.
  ///   - ended: Ends it. Two that overlap are one, which ends with the later one.
  public init(
    _ name: String, for duration: LatencyDistribution, _ body: @escaping @Sendable () -> Void,
    ended: @escaping @Sendable () -> Void
  ) {
    self.name = name
    self.duration = duration
    start = body
    finish = ended
  }
}

extension PlannedFault {
  /// No message gets through between two nodes.
  public static func partition(
    _ network: SimulatedNetwork, _ node: String, _ other: String, for duration: LatencyDistribution
  ) -> PlannedFault {
    PlannedFault("partition of \(node) and \(other)", for: duration) {
      network.partition(node, other)
    } ended: {
      network.heal(node, other)
    }
  }

  /// What an injector does to calls: latency, errors, anything a ``Fault`` can be.
  public static func injection<Output>(
    _ injector: FaultInjector<Output>, at now: @escaping @Sendable () -> Instant,
    for duration: LatencyDistribution
  ) -> PlannedFault {
    PlannedFault("faults of \(injector.name)", for: duration) {
      injector.switchOn(at: now())
    } ended: {
      injector.switchOff()
    }
  }

  /// A disk takes no more bytes than it has.
  ///
  /// - Parameters:
  ///   - disk: The disk; its capacity afterwards is `capacity`.
  ///   - capacity: Bytes of all files when it is over. Default: no limit.
  ///   - duration: How long it lasts.
  public static func diskFull(
    _ disk: SimulatedDisk, capacity: Int = .max, for duration: LatencyDistribution
  ) -> PlannedFault {
    PlannedFault("\(disk.path) is full", for: duration) {
      disk.setCapacity(0)
    } ended: {
      disk.setCapacity(capacity)
    }
  }

  /// The next sync of a disk fails.
  public static func syncFails(_ disk: SimulatedDisk) -> PlannedFault {
    PlannedFault("a sync of \(disk.path) fails") { disk.failSyncs() }
  }
}

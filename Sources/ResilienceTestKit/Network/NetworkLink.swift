/// One direction between two nodes of a ``SimulatedNetwork``.
public struct NetworkLink: Sendable, Hashable {
  /// How long a message takes. Each has its own draw: with a distribution, later ones overtake earlier ones.
  public var delay: LatencyDistribution

  /// The share of messages that are lost, 0 to 1.
  public var loss: Double

  /// The share of requests that arrive twice, 0 to 1.
  public var duplication: Double

  /// When no message gets through, measured from the clock's zero, where the run of a ``Simulation`` begins.
  public var partitions: [Range<Duration>]

  /// Creates a link.
  ///
  /// - Parameters:
  ///   - delay: How long a message takes. Default: 0.25 ms, half of a round trip within a data centre
  ///     ("Numbers everyone should know", Dean).
  ///   - loss: The share of messages that are lost, 0 to 1. Default: none.
  ///   - duplication: The share of requests that arrive twice, the second with a delay of its own; what the
  ///     copy comes to is dropped. 0 to 1. Default: none.
  ///   - partitions: When no message gets through. Default: never.
  public init(
    delay: LatencyDistribution = .constant(.microseconds(250)), loss: Double = 0, duplication: Double = 0,
    partitions: [Range<Duration>] = []
  ) {
    self.delay = delay
    self.loss = loss
    self.duplication = duplication
    self.partitions = partitions
  }
}

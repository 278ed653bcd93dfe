internal import ResilienceCore

/// Delay, loss, duplicates, reordering and partitions between named nodes.
///
/// A refused connection is the kind failure. The unkind one is silence: the request arrived or it did not,
/// and the caller cannot tell. A call over ``ResilienceCore/Handler/link(_:from:to:)`` sends its input over
/// one link and its answer back over the other; where either is lost, nothing comes back until the caller
/// gives up.
///
/// ```swift
/// let network = SimulatedNetwork()
/// network.setLink(NetworkLink(delay: .uniform(.milliseconds(1) ... .milliseconds(5)), loss: 0.01),
///   between: "gateway", and: "payment")
/// let charge = payment.link(network, from: "gateway", to: "payment").timeout(.seconds(1))
///
/// network.partition("gateway", "payment")   // and later: network.heal("gateway", "payment")
/// ```
public final class SimulatedNetwork: Sendable {
  private struct Direction: Hashable {
    let from: String
    let to: String
  }

  private let standard: NetworkLink
  private let wires = Lock<[Direction: NetworkWire]>([:])

  /// Creates a network.
  ///
  /// - Parameter standard: Every link that is not set. Default: a quarter of a millisecond, without loss.
  public init(_ standard: NetworkLink = NetworkLink()) {
    self.standard = standard
  }

  /// Sets one direction; messages on their way are not touched.
  public func setLink(_ link: NetworkLink, from: String, to: String) {
    wire(from: from, to: to).setLink(link)
  }

  /// Sets both directions; messages on their way are not touched.
  public func setLink(_ link: NetworkLink, between node: String, and other: String) {
    setLink(link, from: node, to: other)
    setLink(link, from: other, to: node)
  }

  /// Lets nothing through in either direction until ``heal(_:_:)``; messages on their way arrive.
  public func partition(_ node: String, _ other: String) {
    for wire in pair(node, other) { wire.cut(true) }
  }

  /// Ends a ``partition(_:_:)``. What was lost stays lost.
  public func heal(_ node: String, _ other: String) {
    for wire in pair(node, other) { wire.cut(false) }
  }

  /// How many messages were sent and lost so far, on every link in use.
  public func snapshot() -> SimulatedNetworkSnapshot {
    let wires = wires.withLock { $0 }
    let links = wires.map { direction, wire in
      let counts = wire.counts
      return SimulatedNetworkSnapshot.Link(
        from: direction.from, to: direction.to, sent: counts.sent, lost: counts.lost,
        duplicated: counts.duplicated)
    }
    return SimulatedNetworkSnapshot(links: links.sorted { ($0.from, $0.to) < ($1.from, $1.to) })
  }

  func wire(from: String, to: String) -> NetworkWire {
    wires.withLock { wires in
      let direction = Direction(from: from, to: to)
      if let wire = wires[direction] { return wire }
      let wire = NetworkWire("\(from) → \(to)", standard)
      wires[direction] = wire
      return wire
    }
  }

  private func pair(_ node: String, _ other: String) -> [NetworkWire] {
    [wire(from: node, to: other), wire(from: other, to: node)]
  }
}

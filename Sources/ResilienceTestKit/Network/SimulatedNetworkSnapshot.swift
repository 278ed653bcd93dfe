public import ResilienceCore

/// What a ``SimulatedNetwork`` has carried until one moment.
public struct SimulatedNetworkSnapshot: Sendable, Hashable {
  /// One direction between two nodes.
  public struct Link: Sendable, Hashable {
    /// The sending node.
    public let from: String
    /// The receiving node.
    public let to: String
    /// Messages sent.
    public let sent: Int
    /// Messages that never arrived.
    public let lost: Int
    /// Requests that arrived twice.
    public let duplicated: Int
  }

  /// The links in use, by their nodes.
  public let links: [Link]
}

extension SimulatedNetworkSnapshot: MetricSource {
  /// `network_messages_total`, `network_lost_messages_total` and `network_duplicated_messages_total` for each
  /// link.
  public var metrics: [Metric] {
    links.flatMap { link in
      let labels = [Metric.Label("from", link.from), Metric.Label("to", link.to)]
      return [
        Metric(
          "network_messages_total", .counter, Double(link.sent), labels: labels,
          help: "Messages that were sent over a simulated network."),
        Metric(
          "network_lost_messages_total", .counter, Double(link.lost), labels: labels,
          help: "Messages that a simulated network has lost."),
        Metric(
          "network_duplicated_messages_total", .counter, Double(link.duplicated), labels: labels,
          help: "Requests that a simulated network has delivered twice."),
      ]
    }
  }
}

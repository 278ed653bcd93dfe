/// The two text forms in which metrics are scraped.
public enum MetricsFormat: Sendable, Hashable, CaseIterable {
  /// Prometheus' text format 0.0.4, which every scraper reads.
  case prometheus
  /// OpenMetrics 1.0, which has units and an end.
  case openMetrics

  /// Chooses what a scraper asks for: OpenMetrics when its `Accept` field names it and does not forbid it,
  /// else Prometheus' own.
  ///
  /// - Parameter accept: The value of the field; `nil` when there is none.
  public init(accepting accept: String?) {
    self = .prometheus
    for range in accept?.split(separator: ",") ?? [] {
      let parts = range.split(separator: ";").map { part in
        String(part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }).lowercased()
      }
      let isForbidden = parts.dropFirst().contains { part in
        part.hasPrefix("q=") && Double(part.dropFirst(2)) == 0
      }
      if parts.first == "application/openmetrics-text", !isForbidden { self = .openMetrics }
    }
  }

  /// The media type of the text, for the field `Content-Type`.
  public var contentType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}

/// How much a span may hold. What exceeds a limit is left out and counted; the defaults are OpenTelemetry's.
///
/// They apply where a span is put together: when a store is asked, and when a reporter makes a batch. In
/// between a store's capacity bounds what is held.
public struct SpanLimits: Sendable, Hashable {
  /// The most attributes of a span. Default: 128.
  public var attributes: Int

  /// The most events of a span. Default: 128.
  public var events: Int

  /// The most links of a span. Default: 128: a batch of a thousand messages cannot link all of them.
  public var links: Int

  /// The most characters of a text that is an attribute's value; what is longer is cut. Default: no limit.
  public var valueLength: Int

  /// Creates limits; each must be at least 0.
  public init(attributes: Int = 128, events: Int = 128, links: Int = 128, valueLength: Int = .max) {
    for (name, limit) in [
      ("attributes", attributes), ("events", events), ("links", links), ("valueLength", valueLength),
    ] {
      precondition(limit >= 0, "the limit of \(name) must be at least 0, was \(limit)")
    }
    self.attributes = attributes
    self.events = events
    self.links = links
    self.valueLength = valueLength
  }
}

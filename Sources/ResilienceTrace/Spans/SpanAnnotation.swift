public import ResilienceCore

/// Says something about the span that is running.
///
/// It is told like every decision, so that code that says it knows neither a tracer nor whether the trace is
/// sampled:
///
/// ```swift
/// CallContext.current.emit(SpanAnnotation.attribute("order.items", .integer(3)))
/// ```
///
/// Observers that are no tracers hear it as an event.
public enum SpanAnnotation: ResilienceEvent, Hashable {
  /// A fact; it replaces an earlier one of the same name.
  case fact(EventAttribute)

  /// Another span that this one came about through.
  case link(SpanRecord.Link)

  /// Whether it was a success; the last one holds, except that nothing follows ``SpanRecord/Status/ok``.
  case status(SpanRecord.Status)

  /// A fact; it replaces an earlier one of the same name.
  public static func attribute(_ name: String, _ value: EventAttribute.Value) -> SpanAnnotation {
    .fact(EventAttribute(name, value))
  }

  /// `span.attribute`, `span.link` or `span.status`.
  public var name: String {
    switch self {
    case .fact: "span.attribute"
    case .link: "span.link"
    case .status: "span.status"
    }
  }

  /// What was said.
  public var attributes: [EventAttribute] {
    switch self {
    case .fact(let attribute): [attribute]
    case .link(let link):
      [
        EventAttribute("trace", .string(link.ids.traceID.description)),
        EventAttribute("span", .string(link.ids.span.hexadecimal)),
      ] + link.attributes
    case .status(.unset): [EventAttribute("status", .string("unset"))]
    case .status(.ok): [EventAttribute("status", .string("ok"))]
    case .status(.error(let message)):
      [EventAttribute("status", .string("error")), EventAttribute("message", .string(message))]
    }
  }
}

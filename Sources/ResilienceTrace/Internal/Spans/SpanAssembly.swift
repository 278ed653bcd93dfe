internal import ResilienceCore

/// Puts a span together: what was written when it ended, and what was noted while it ran.
struct SpanAssembly {
  private let limits: SpanLimits
  private var events: [SpanRecord.Event] = []
  private var attributes: [EventAttribute] = []
  private var links: [SpanRecord.Link] = []
  private var status: SpanRecord.Status?
  private var droppedEvents = 0
  private var droppedAttributes = 0
  private var droppedLinks = 0

  private init(limits: SpanLimits) {
    self.limits = limits
  }

  /// - Parameter earlierDelivery: The span of the delivery before, if this one is a delivery.
  static func complete(
    _ span: SpanRecord, _ notes: [SpanNote], limits: SpanLimits, earlierDelivery: TraceIDs? = nil
  ) -> SpanRecord {
    var assembly = SpanAssembly(limits: limits)
    for attribute in span.attributes { assembly.add(attribute) }
    for link in span.links { assembly.add(link) }
    if let maker = span.role.maker { assembly.add(EventAttribute(SpanRecord.makerAttribute, .string(maker))) }
    if span.role != .call, span.attempt > 1 {
      assembly.add(EventAttribute("call.resend_count", .integer(Int64(span.attempt) - 1)))
    }
    // Before the others, which may be more than there is room for.
    if let earlierDelivery {
      assembly.add(
        SpanRecord.Link(
          to: earlierDelivery, attributes: [EventAttribute("link.kind", .string("previous delivery"))]))
    }
    for note in notes { assembly.add(note) }
    var complete = span
    complete.details = SpanDetails(
      events: assembly.events, attributes: assembly.attributes, links: assembly.links,
      status: assembly.status, traceState: span.traceState, droppedEvents: assembly.droppedEvents,
      droppedAttributes: assembly.droppedAttributes,
      droppedLinks: assembly.droppedLinks + span.droppedLinks)
    return complete
  }

  private mutating func add(_ note: SpanNote) {
    guard let annotation = note.event as? SpanAnnotation else {
      // What a query asks for: which calls were given up, and why.
      if note.event.name == "retry.gave_up",
        let reason = note.event.attributes.first(where: { $0.name == "reason" })
      {
        add(EventAttribute("retry.gave_up_reason", reason.value))
      }
      guard events.count < limits.events else { return droppedEvents += 1 }
      return events.append(SpanRecord.Event(instant: note.instant, event: note.event))
    }
    switch annotation {
    case .fact(let attribute): add(attribute)
    case .link(let link): add(link)
    case .status(let status): if self.status != .ok { self.status = status }
    }
  }

  private mutating func add(_ attribute: EventAttribute) {
    var attribute = attribute
    if case .string(let text) = attribute.value, text.utf8.count > limits.valueLength {
      attribute.value = .string(String(text.prefix(limits.valueLength)))
    }
    if let index = attributes.firstIndex(where: { $0.name == attribute.name }) {
      attributes[index] = attribute
    } else if attributes.count < limits.attributes {
      attributes.append(attribute)
    } else {
      droppedAttributes += 1
    }
  }

  private mutating func add(_ link: SpanRecord.Link) {
    guard link.ids.isPresent else { return }
    guard links.count < limits.links else { return droppedLinks += 1 }
    links.append(link)
  }
}

extension SpanRecord {
  static let makerAttribute = "attempt.maker"
}

extension SpanRecord.Role {
  fileprivate var maker: String? {
    switch self {
    case .attempt: "retry"
    case .hedge: "hedge"
    case .call, .delivery: nil
    }
  }
}

internal import ResilienceCore

/// The parts of a span that few spans have before it is put together.
final class SpanDetails: Sendable {
  let events: [SpanRecord.Event]
  let attributes: [EventAttribute]
  let links: [SpanRecord.Link]
  let status: SpanRecord.Status?
  let traceState: String
  let droppedEvents: Int
  let droppedAttributes: Int
  let droppedLinks: Int

  init(
    events: [SpanRecord.Event] = [], attributes: [EventAttribute] = [], links: [SpanRecord.Link] = [],
    status: SpanRecord.Status? = nil, traceState: String = "", droppedEvents: Int = 0,
    droppedAttributes: Int = 0, droppedLinks: Int = 0
  ) {
    self.events = events
    self.attributes = attributes
    self.links = links
    self.status = status
    self.traceState = traceState
    self.droppedEvents = droppedEvents
    self.droppedAttributes = droppedAttributes
    self.droppedLinks = droppedLinks
  }
}

internal import ResilienceCore

/// An event that somebody added to a span.
struct NamedEvent: ResilienceEvent {
  let name: String
  let attributes: [EventAttribute]
}

internal import ResilienceCore

/// Something that was said or decided within a span, as it is kept until the span is put together.
struct SpanNote: Sendable {
  let span: TraceIDs
  let instant: Instant
  let event: any ResilienceEvent
}

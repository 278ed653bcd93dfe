/// What a span stands for.
public enum SpanKind: UInt8, Sendable, Hashable {
  /// A call, with all its attempts.
  case call

  /// One attempt of a retry or a hedge.
  case attempt

  /// One delivery of an event to a handler.
  case delivery
}

extension SpanRecord {
  /// How a span stands to its caller: the kinds of OpenTelemetry, with their numbers.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Within a service.
    case `internal` = 1

    /// It answers a request.
    case server = 2

    /// It makes a request, and waits for the answer.
    case client = 3

    /// It sends a message.
    case producer = 4

    /// It handles a message.
    case consumer = 5
  }

  /// What a span stands for.
  public enum Role: UInt8, Sendable, Hashable, CaseIterable {
    /// A call, with all its attempts, or a piece of work.
    case call

    /// One attempt of a retry.
    case attempt

    /// One try of a hedge, also when it was the only one.
    case hedge

    /// One delivery of an event to a handler.
    case delivery
  }

  /// What a span says of its success, as OpenTelemetry has it.
  public enum Status: Sendable, Hashable {
    /// Nothing.
    case unset

    /// The application says that it is a success.
    case ok

    /// It failed; the text says why, and may be empty.
    case error(String)
  }
}

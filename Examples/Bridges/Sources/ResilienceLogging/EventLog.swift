public import Logging
public import ResilienceCore

/// Writes the toolkit's events as log lines: the event's name as the message, its facts as metadata, at a
/// level by its kind.
///
/// ```swift
/// let log = EventLog(logger)
///
/// try await log.observing { try await server.run() }          // what calls decide, below here
/// let registry = ServiceRegistry(onEvent: { log($0) })        // what is decided outside calls
/// ```
///
/// A line is `circuit_breaker.opened` with `breaker`, `reason`, `failures` and so on, and, within a trace,
/// `trace_id` and `span_id`. The names are those of the toolkit's page of names, which stay. Values are
/// escaped, so that none begins a line of its own.
///
/// A decision that a call makes is told to the call's observer and to the object's `onEvent`: give an object
/// that is used below ``observing(isolation:_:)`` no `onEvent` of this kind, or each line comes twice.
///
/// Below the logger's level an event costs a look into the table of levels.
public final class EventLog: Sendable {
  /// Where the lines go.
  public let logger: Logger

  /// The level of each kind of event.
  public let levels: EventLevels

  /// Creates a log.
  ///
  /// - Parameters:
  ///   - logger: Where the lines go.
  ///   - levels: The level of each kind of event. Default: ``EventLevels/standard``.
  public init(_ logger: Logger, levels: EventLevels = .standard) {
    self.logger = logger
    self.levels = levels
  }

  /// Writes an event that is told outside a call, as the closures `onEvent` are.
  public func callAsFunction(_ event: any ResilienceEvent) {
    write(event, within: CallContext.current.trace)
  }

  /// Runs `body` with every decision of the calls below written.
  ///
  /// An observer that is bound already, as a tracer's, goes on hearing. Bind it once, around the server: what
  /// runs in child tasks inherits it.
  ///
  /// - Parameters:
  ///   - isolation: The actor that the body runs on. Default: the caller's.
  ///   - body: The work.
  /// - Throws: What `body` throws.
  public func observing<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await CallContext.withAddedObserver(self, isolation: isolation, body)
  }

  private func write(_ event: any ResilienceEvent, within trace: TraceIDs) {
    let level = levels[event.name]
    guard logger.logLevel <= level else { return }
    logger.log(
      level: level, "\(event.name)", metadata: metadata(of: event, within: trace), source: "Resilience")
  }

  private func metadata(of event: any ResilienceEvent, within trace: TraceIDs) -> Logger.Metadata {
    var metadata = trace.metadata
    for attribute in event.attributes where attribute.value != .string("") {
      metadata[attribute.name] = .string(attribute.value.escaped)
    }
    return metadata
  }
}

extension EventLog: CallObserver {
  /// Writes a decision, with the trace of the call that made it.
  public func record(_ event: any ResilienceEvent, in context: CallContext) {
    write(event, within: context.trace)
  }
}

public import Logging
internal import ResilienceCore

extension Logger.MetadataProvider {
  /// The present call's `trace_id` and `span_id`, for every line that the program writes; nothing outside a
  /// trace.
  ///
  /// ```swift
  /// LoggingSystem.bootstrap(StreamLogHandler.standardOutput, metadataProvider: .resilience)
  /// ```
  ///
  /// With others: `.multiplex([.resilience, other])`. The names are those that OpenTelemetry gives for logs
  /// in formats that are not its own.
  public static var resilience: Logger.MetadataProvider {
    Logger.MetadataProvider { CallContext.current.trace.metadata }
  }
}

internal import Logging
internal import ResilienceCore

extension TraceIDs {
  /// Under the names that OpenTelemetry gives them in logs of other formats than its own; empty without a
  /// trace.
  var metadata: Logger.Metadata {
    guard isPresent else { return [:] }
    // `00-`, 32 digits, `-`, 16 digits.
    let digits = traceparent.utf8
    let trace = digits.dropFirst(3).prefix(32)
    let span = digits.dropFirst(36).prefix(16)
    return ["trace_id": .string(String(Substring(trace))), "span_id": .string(String(Substring(span)))]
  }
}

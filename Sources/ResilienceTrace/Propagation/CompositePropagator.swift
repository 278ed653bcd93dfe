public import ResilienceCore

/// Several formats as one: reads and writes all of them.
///
/// ```swift
/// // Understands the callers of yesterday, prefers the standard, and writes both.
/// let propagator = CompositePropagator([B3Propagator(), W3CTraceContextPropagator(), W3CBaggagePropagator()])
/// ```
public struct CompositePropagator: ContextPropagator {
  /// The formats, in the order in which they read and write.
  public let propagators: [any ContextPropagator]

  /// Creates a propagator.
  ///
  /// - Parameter propagators: The formats. Where several find a trace the last one's holds, so the preferred
  ///   one stands last. Baggage adds up.
  public init(_ propagators: [any ContextPropagator]) {
    self.propagators = propagators
  }

  /// W3C Trace Context and W3C Baggage: what OpenTelemetry's own libraries use by default.
  public static let w3c = CompositePropagator([W3CTraceContextPropagator(), W3CBaggagePropagator()])

  /// The names of all formats.
  public var fieldNames: [String] { propagators.flatMap(\.fieldNames) }

  /// Writes all formats.
  public func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
    for propagator in propagators { propagator.inject(context, into: &carrier) }
  }

  /// Reads all formats.
  public func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
  ) {
    for propagator in propagators { propagator.extract(from: carrier, into: &context, baggage: &baggage) }
  }
}

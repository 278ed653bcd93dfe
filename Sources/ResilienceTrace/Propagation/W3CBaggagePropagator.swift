public import ResilienceCore

/// Carries what services tell those downstream across a process boundary as W3C Baggage: the header
/// `baggage`.
///
/// It is not a part of the trace, and travels with or without one. Do not let it leave your own services:
/// whoever is called reads it.
public struct W3CBaggagePropagator: ContextPropagator {
  /// The most members that are passed on.
  public let maxMembers: Int

  /// The most bytes of all members together that are passed on.
  public let maxBytes: Int

  /// Creates a propagator. What exceeds a limit is left out in whole members, from the right, on the way in
  /// and out; the limits apply to all headers of a request together.
  ///
  /// - Parameters:
  ///   - maxMembers: At least 64, which the specification asks everybody to pass on. Default: 180, the most
  ///     its grammar has.
  ///   - maxBytes: At least 8192, which the specification asks everybody to pass on. Default: 8192.
  public init(maxMembers: Int = 180, maxBytes: Int = 8192) {
    precondition(maxMembers >= 64, "maxMembers must be at least 64, was \(maxMembers)")
    precondition(maxBytes >= 8192, "maxBytes must be at least 8192 bytes, was \(maxBytes)")
    self.maxMembers = maxMembers
    self.maxBytes = maxBytes
  }

  /// `baggage`.
  public var fieldNames: [String] { ["baggage"] }

  /// Writes what travels along. Without anything, what the carrier had under this name is removed: it was
  /// another request's.
  public func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
    let entries = TraceBaggage.current.entries
    if entries.isEmpty { return carrier.removeValues(forName: "baggage") }
    carrier.set(entries.limited(toMembers: maxMembers, bytes: maxBytes).header, forName: "baggage")
  }

  /// Reads what travels along, in place of what was there; without a header that stays.
  public func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
  ) {
    var headers: [String] = []
    carrier.forEachValue(forName: "baggage") { headers.append($0) }
    guard !headers.isEmpty else { return }
    let entries = W3CBaggage(headers: headers, maxMembers: maxMembers, maxBytes: maxBytes)
    TraceBaggage.update(&baggage) { $0.entries = entries }
  }
}

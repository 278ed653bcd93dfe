internal import ResilienceCore

/// Where calls stay if they can: calls to another zone take longer, and often cost money.
///
/// As long as enough instances of the zone are available, all calls stay in it. As fewer are, the rest spills
/// over to all zones: with a share `a` of the zone's instances available, `min(1, a × overprovisioning)` of
/// the calls stay.
public struct ZonePreference: Sendable, Hashable {
  /// The caller's zone, as instances spell it in ``ServiceInstance/zone``.
  public let name: String

  /// How much more an instance can take than its share: 1.4 keeps all calls in the zone until fewer than 71 %
  /// of its instances are available.
  public let overprovisioning: Double

  /// Creates a preference.
  ///
  /// - Parameters:
  ///   - name: The caller's zone. One that no instance is in means that calls go everywhere.
  ///   - overprovisioning: How much more an instance can take than its share, 1 to 100. Default: 1.4, as
  ///     Envoy's.
  public init(_ name: String, overprovisioning: Double = 1.4) {
    self.name = name
    self.overprovisioning = overprovisioning
    if let fault { preconditionFailure("a zone preference's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? { .outside(1...100, "overprovisioning", overprovisioning) }
}

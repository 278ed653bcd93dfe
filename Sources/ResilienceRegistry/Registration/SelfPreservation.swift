internal import ResilienceCore

/// What a registry makes of many leases that run out together: more likely their heartbeats were lost than
/// the instances.
///
/// The network between the registry and its instances may be gone, or the process was suspended. Dropping
/// them all would turn that into an outage. So when more than a share of the instances lapse within a window,
/// those that lapse are kept, and marked as suspect. It ends by itself: a suspect that renews its lease is
/// trusted again, one that stays silent for ``duration`` is dropped. An instance that is deregistered is not
/// missed.
///
/// The share is of what is leased at that moment, so that a service that was made smaller is judged by its
/// new size.
public struct SelfPreservation: Sendable, Hashable {
  /// The largest share of the leases, 0 to 1, that may run out within the window and still mean that the
  /// instances died.
  public let maxLapsedShare: Double

  /// Over how long leases that run out are counted together. They are counted for this long at least, and for
  /// twice as long at most.
  public let window: Duration

  /// Below how many instances each lease that runs out counts for itself.
  public let minInstances: Int

  /// How long a suspect is kept.
  public let duration: Duration

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxLapsedShare: The share that is believed, 0 to 1. Default: 0.15, as Eureka, which expects 85 % of
  ///     the heartbeats.
  ///   - window: Over how long lapses count together, more than 0. Default: 30 s, within which all leases of
  ///     the default length lapse whose heartbeats stopped together.
  ///   - minInstances: Below how many instances it does not apply, 1 or more. Default: 20: of fewer, three
  ///     that die are no rare chance.
  ///   - duration: How long a suspect is kept, more than 0. Default: 5 min, as long as a network is commonly
  ///     broken.
  public init(
    maxLapsedShare: Double = 0.15, window: Duration = .seconds(30), minInstances: Int = 20,
    duration: Duration = .seconds(300)
  ) {
    self.maxLapsedShare = maxLapsedShare
    self.window = window
    self.minInstances = minInstances
    self.duration = duration
    if let fault { preconditionFailure("self-preservation's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .outside(0...1, "maxLapsedShare", maxLapsedShare)
      ?? .unless(window > .zero, "window", window, "more than 0s")
      ?? .unless(minInstances >= 1, "minInstances", minInstances, "1 or more")
      ?? .unless(duration > .zero, "duration", duration, "more than 0s")
  }
}

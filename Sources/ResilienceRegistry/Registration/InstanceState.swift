/// Whether an instance is meant to get calls, as its owner or an operator says; what is known of its health
/// is another matter.
///
/// No health check changes a state, and no state changes what is known of the health.
public enum InstanceState: String, Sendable, Hashable, CaseIterable {
  /// It gets calls, as its health allows.
  case inService

  /// It is on its way out: it gets no new calls, also when all others are unhealthy, and finishes those it
  /// has.
  case draining

  /// An operator took it out for a while: it gets no new calls, finishes those it has, and stays registered
  /// and checked.
  case outOfService

  /// Of two that speak about one instance, the one that keeps it out for longer.
  func combined(with other: InstanceState) -> InstanceState {
    self == .outOfService || other == .inService ? self : other
  }
}

extension Instant {
  /// Before every instant that a clock shows: of what has not happened so far.
  @inlinable package static var distantPast: Instant { Instant(nanoseconds: .min) }
}

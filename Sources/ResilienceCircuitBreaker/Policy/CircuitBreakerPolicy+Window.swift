extension CircuitBreakerPolicy {
  /// Which results the rates are taken over.
  public enum Window: Sendable, Hashable {
    /// The latest results, as many as this: 1 to 65 536. Exact, one bit for each result.
    ///
    /// Says how the destination does whatever the traffic is, and needs no clock. A result of a quiet hour stays until
    /// enough others have come.
    case count(Int)

    /// The results of the latest so much time, forgotten a slice at a time.
    ///
    /// 1 to 1000 slices of 1 ns or more; the default is 10, as Polly and failsafe-go. The present slice fills up while the
    /// others are whole: with ten, the window is never less than nine tenths of its time.
    case time(Duration, slices: Int = 10)

    var capacity: Int? {
      if case .count(let capacity) = self { capacity } else { nil }
    }
  }
}

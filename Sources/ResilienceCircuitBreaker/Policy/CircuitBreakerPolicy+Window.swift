extension CircuitBreakerPolicy {
  /// Which results the rates are taken over, and which failures are in a row.
  public enum Window: Sendable, Hashable {
    /// The latest results, as many as this: 1 to 65 536. Exact, one bit for each result.
    ///
    /// Says how the destination does whatever the traffic is, and successes need no clock. Results stay until
    /// as many others have come, but silence heals: a failure or a slow result older than `maxAge` is held
    /// against the destination no longer. It counts as a success, in the rates and in a row; ages are counted
    /// in eighths of `maxAge`, begun ones in full.
    ///
    /// - Parameter maxAge: 8 ns or more; `nil` for ever. Default: 10 min, the idle time of
    ///   ``CircuitBreakers``. Of a client that makes so few calls that the failures which open a breaker are
    ///   further apart, an open time of seconds would turn hardly any away; and what happened hours ago says
    ///   nothing of now.
    case count(Int, maxAge: Duration? = .seconds(600))

    /// The results of the latest so much time, forgotten a slice at a time; so are failures in a row.
    ///
    /// 1 to 1000 slices of 1 ns or more; the default is 10, as Polly and failsafe-go. The present slice fills
    /// up while the others are whole: with ten, the window is never less than nine tenths of its time.
    case time(Duration, slices: Int = 10)

    var capacity: Int? {
      if case .count(let capacity, _) = self { capacity } else { nil }
    }
  }
}

extension Backoff {
  /// The delays before the first, second, third … retry of one call, without end.
  public struct Delays: Sequence, IteratorProtocol, Sendable {
    let backoff: Backoff
    let seed: UInt64
    var retry = 0

    /// The next delay; never `nil`.
    public mutating func next() -> Duration? {
      if retry < .max { retry += 1 }
      return backoff.delay(retry: retry, seed: seed)
    }
  }

  /// What ``delay(retry:seed:)`` says for each retry from the first, as an endless sequence.
  ///
  /// - Parameter seed: What tells this call from others; the same seed gives the same delays.
  public func delays(seed: UInt64) -> Delays { Delays(backoff: self, seed: seed) }
}

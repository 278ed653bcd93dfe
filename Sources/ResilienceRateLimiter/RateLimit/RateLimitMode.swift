/// What a rate-limited call does when there is no permit for it.
public enum RateLimitMode: Sendable, Hashable {
  /// Throws ``RateLimited`` at once.
  case reject

  /// Waits its turn; throws ``RateLimited`` at once when its deadline comes before its turn, or the queue is
  /// full.
  case wait
}

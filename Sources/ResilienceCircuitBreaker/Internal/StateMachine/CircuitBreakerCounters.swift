/// What a state machine has counted since it was made.
package struct CircuitBreakerCounters: Sendable, Hashable {
  package var successes: Int
  package var failures: Int
  package var slowCalls: Int
  package var openings: Int
  package var staleResults: Int
  package var reopenings: Int
  package var consecutiveFailures: Int
  package var openNanoseconds: Int64
}

/// The calls of a consumer that wait or were answered, until it is heard that the answer has arrived: a state machine.
///
/// Calls are numbered from 1, and a consumer has few of them open, so that those that are over need hardly any memory.
struct HubPolls<Call> {
  /// How far the numbers of open calls may be apart.
  static var window: UInt64 { 128 }

  private(set) var open: [UInt64: (attempt: UInt64, call: Call)] = [:]
  /// Those up to this one are over, and those in ``over``.
  private var overUpTo: UInt64 = 0
  private var over: Set<UInt64> = []

  /// Puts a call in the place of an earlier request for the same one.
  ///
  /// - Returns: `false` when the call is over, or a later request for it is there, or its number is too far ahead.
  mutating func begin(_ poll: UInt64, attempt: UInt64, _ call: (_ earlier: Call?) -> Call) -> Bool {
    guard poll > overUpTo, poll - overUpTo <= Self.window, !over.contains(poll) else { return false }
    let earlier = open[poll]
    if let earlier, earlier.attempt >= attempt { return false }
    open[poll] = (attempt, call(earlier?.call))
    return true
  }

  /// The answer to a call has arrived.
  mutating func end(_ poll: UInt64) {
    guard open.removeValue(forKey: poll) != nil else { return }
    over.insert(poll)
    while over.remove(overUpTo + 1) != nil { overUpTo += 1 }
  }

  /// Lets all calls go.
  mutating func takeAll() -> [Call] {
    defer { open = [:] }
    return open.keys.sorted().compactMap { open[$0]?.call }
  }
}

internal import ResilienceCore

/// What a breaker is, to be kept across a restart, or handed to another process.
///
/// ```swift
/// try store.write(JSONEncoder().encode(breaker.savedState()))      // before the process ends
///
/// let saved = try JSONDecoder().decode(CircuitBreakerSavedState.self, from: store.read())
/// let breaker = CircuitBreaker("payment", restoring: saved)        // in the next one
/// ```
///
/// It has the state, how long that lasts, and what the open time has grown by; as a document:
///
/// ```json
/// { "state": "open", "remaining": "1500ms", "openTime": "2s", "reopenings": 1,
///   "savedAt": 1795694400000000000 }
/// ```
///
/// `savedAt` is in nanoseconds since 1970.
///
/// The results in the window are no part of it, nor are counts: a new process judges by its own calls. What
/// has passed of the remaining time meanwhile is taken from the wall clocks of both processes; one that was
/// put back, or is behind, makes it last as long as was left when it was saved, and no longer.
public struct CircuitBreakerSavedState: Sendable, Hashable {
  enum Mode: String, CaseIterable {
    case closed, open, halfOpen, recovering, forcedOpen, disabled, metricsOnly

    /// Whether it ends by itself.
    var ends: Bool { self == .open || self == .recovering }
  }

  let mode: Mode
  /// How long it lasts, if it ends by itself; 0 or more.
  let remaining: Duration
  let openTime: Duration
  let reopenings: Int
  let savedAt: UnixTime

  /// What is left of it at a later time; less than nothing when it has ended so long ago.
  func remainingNanoseconds(at time: UnixTime) -> Int64 {
    let passed = time.nanoseconds.subtractingSaturating(savedAt.nanoseconds)
    return remaining.clampedNanoseconds.subtractingSaturating(max(0, passed))
  }
}

extension CircuitBreakerSavedState: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case state, remaining, openTime, reopenings, savedAt
  }

  /// Reads a state. `openTime` and `reopenings` may be left out, and so may `remaining`, unless the state is
  /// `open` or `recovering`.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let states = Mode.allCases.map(\.rawValue).joined(separator: ", ")
    let mode: Mode = try fields.choice(.state) ?? fields.missing(.state, "one of \(states)")
    let remaining = try fields.duration(.remaining)
    try fields.require(
      remaining != nil || !mode.ends, .remaining, "stated for what is open or recovering")
    self.mode = mode
    self.remaining = mode.ends ? remaining ?? .zero : .zero
    openTime = try fields.duration(.openTime) ?? .zero
    reopenings = try fields.integer(.reopenings) ?? 0
    let time: Int = try fields.integer(.savedAt) ?? fields.missing(.savedAt, "a whole number")
    savedAt = UnixTime(nanoseconds: Int64(time))
    try fields.check(.outside(0...Int(Int32.max), "reopenings", reopenings))
  }

  /// Writes the state.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(mode.rawValue, forKey: .state)
    if mode.ends { try fields.encode(DurationText(remaining), forKey: .remaining) }
    try fields.encode(DurationText(openTime), forKey: .openTime)
    try fields.encode(reopenings, forKey: .reopenings)
    try fields.encode(savedAt.nanoseconds, forKey: .savedAt)
  }
}

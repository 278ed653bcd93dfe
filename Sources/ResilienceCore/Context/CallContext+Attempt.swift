// Which logical call this is, and which attempt of it.

extension CallContext {
  /// One logical call has one id, however many attempts it takes: 0 until the outermost retry or hedge sets it.
  ///
  /// A retry sets it before the first attempt only if somebody inside reads it (``Handler/readsCallID``) or observes,
  /// else when an attempt has failed: a draw costs more than the rest of a retry whose first attempt succeeds.
  @inlinable
  public var callID: UInt64 { id == Self.pendingID ? 0 : id }

  /// Which attempt this is, from 1; hedges count.
  @inlinable
  public var attempt: UInt16 { UInt16(truncatingIfNeeded: attemptNumber) }

  /// The most attempts that the layer which counts them makes, this one included; 1 when nobody tries again.
  ///
  /// Like ``attempt`` it is in the context that is handed down, not in ``current``.
  @inlinable
  public var maxAttempts: UInt16 { UInt16(truncatingIfNeeded: max(attemptNumber, attemptLimit)) }

  /// Whether no attempt follows this one even if it fails: the time to give a partial answer, or to park a message.
  ///
  /// `false` promises nothing: a budget or the deadline may end the call earlier.
  @inlinable
  public var isLastAttempt: Bool { attemptNumber >= attemptLimit }

  /// The attempt for the wire, such as `attempt=2; max=3`: the syntax of the AWS SDKs' `amz-sdk-request` header.
  ///
  /// A server that sees many second attempts knows that it is in trouble before its own metrics say so.
  public var attemptHeader: String { "attempt=\(attempt); max=\(maxAttempts)" }
}

// MARK: - For the layers that repeat calls

extension CallContext {
  /// The instant that ``now`` has read, in nanoseconds; `Int64.min` for none.
  @inlinable
  package var nowIfKnown: Int64 { knownNow }

  /// ``callID``, or ``pendingID``.
  @inlinable
  package var claimedID: UInt64 { id }

  /// Whether no layer outside has claimed the logical call: who finds it so is the outermost, and the one that deposits
  /// into a retry budget.
  @inlinable
  package var isUnclaimed: Bool { id == 0 }

  /// The id of a call that is claimed but whose id nobody has needed so far.
  @inlinable
  package static var pendingID: UInt64 { 1 }

  /// Marks the logical call as claimed, and gives it its id if that is known; one that has an id keeps it.
  @inlinable
  package mutating func claim(as newID: UInt64 = CallContext.pendingID) {
    if id <= Self.pendingID { id = newID }
  }

  /// Gives the logical call an id unless it has one.
  @inlinable
  package mutating func drawCallID() {
    if id <= Self.pendingID { id = makeID() }
  }

  /// Begins the next attempt: counts it, and forgets the time, which has passed.
  ///
  /// - Parameters:
  ///   - limit: The most attempts there will be; `nil` leaves it as it is.
  ///   - now: What ``now`` has read nonetheless, in nanoseconds. Default: nothing.
  @inlinable
  package mutating func beginAttempt(_ number: UInt16, of limit: UInt16? = nil, at now: Int64 = .min) {
    attemptNumber = UInt32(number)
    if let limit { attemptLimit = UInt32(limit) }
    knownNow = now
  }
}

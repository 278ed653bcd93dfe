// Which logical call this is, and which attempt of it.

extension CallContext {
  /// One logical call has one id, however many attempts it takes: 0 until the outermost retry or hedge sets
  /// it.
  ///
  /// A retry sets it before the first attempt only if something inside may read it or somebody observes, else
  /// when an attempt has failed: a draw costs more than the rest of a retry whose first attempt succeeds.
  @inlinable
  public var callID: UInt64 { identity.number }

  /// Which attempt this is, from 1.
  ///
  /// All layers that repeat the call count together: retries, hedges, the redeliveries of an event. Inside a
  /// hedge of two inside a retry of three, the attempts are 1 and 2, then 3 and 4, then 5 and 6. At most 65
  /// 535.
  @inlinable
  public var attempt: UInt16 { UInt16(clamping: attemptNumber) }

  /// The most attempts that all layers around it make together, this one included; 1 when none repeats the
  /// call, 65 535 when there is no bound.
  ///
  /// Like ``attempt`` it is in the context that is handed down, not in ``current``.
  @inlinable
  public var maxAttempts: UInt16 { UInt16(clamping: max(attemptNumber, attemptLimit)) }

  /// Whether no attempt follows this one even if it fails, of no layer: the time to give a partial answer, or
  /// to park a message.
  ///
  /// `false` promises nothing: a budget or the deadline may end the call earlier.
  @inlinable
  public var isLastAttempt: Bool { attemptNumber >= attemptLimit && attemptLimit != .max }

  /// The attempt for the wire, such as `attempt=2; max=3`: the syntax of the AWS SDKs' `amz-sdk-request`
  /// header. Without `max` when there is no bound.
  ///
  /// A server that sees many second attempts knows that it is in trouble before its own metrics say so.
  public var attemptHeader: String {
    attemptLimit == .max ? "attempt=\(attempt)" : "attempt=\(attempt); max=\(maxAttempts)"
  }
}

// MARK: - For the layers that repeat calls

extension CallContext {
  /// Whether no layer outside has claimed the logical call: who finds it so is the outermost, and the one
  /// that deposits into a retry budget.
  @inlinable
  package var isUnclaimed: Bool { identity.isUnclaimed }

  /// Marks the logical call as claimed, and gives it its id if that is known; one that has an id keeps it.
  @inlinable
  package mutating func claim(as claimed: CallIdentity = .pending) {
    if !identity.hasNumber { identity = claimed }
  }

  /// Gives the logical call an id unless it has one.
  @inlinable
  package mutating func drawCallID() {
    if !identity.hasNumber { identity = CallIdentity(drawing: random()) }
  }

  /// Begins an attempt of a layer, inside the one that the context stands for, and forgets the time, which
  /// has passed.
  ///
  /// - Parameters:
  ///   - number: Which of the layer's own attempts it is, from 1.
  ///   - limit: The most attempts that the layer makes; `UInt32.max` for no bound. Default: 1.
  ///   - now: What ``now`` has read nonetheless. Default: nothing.
  @inlinable
  package mutating func beginAttempt(_ number: UInt32, of limit: UInt32 = 1, at now: KnownInstant = .none) {
    attemptNumber = (attemptNumber - 1).multiplyingSaturating(limit).addingSaturating(number)
    attemptLimit = attemptLimit.multiplyingSaturating(limit)
    knownNow = now
  }
}

// The one place that decides what a value or an error means. Every layer that counts, replaces or repeats
// asks here, so that they all say the same.

extension Outcome {
  /// How a thrown error counts when the work said nothing about it: what every layer's inline face goes by.
  ///
  /// - **Neutral**: a ``Rejection``, since one of our own layers refused; and whatever is thrown after the
  ///   caller cancelled, since a client may make any error of that.
  /// - **A failure**: everything else; a `CancellationError` that the caller did not cause; and what is
  ///   thrown by a task that a time limit cancelled, since the destination was too slow.
  ///
  /// The pushback is the error's, if it is ``PushbackProviding``.
  ///
  /// - Parameters:
  ///   - error: What was thrown. Ask in the task that caught it: whether it was cancelled matters.
  ///   - context: The call's; its deadline tells a time limit from a caller. Default: the present one.
  public init(ofError error: any Error, in context: CallContext = .current) {
    let kind = ErrorKind(of: error)
    self = Outcome(error, kind)
    if !kind.contains(.rejection), context.callerHasCancelled { verdict = .neutral }
  }
}

extension Outcome {
  /// How a returned value counts when the work said nothing about it: as ``init(ofValue:)``, but that a
  /// failure which comes after the caller cancelled is neutral.
  @inlinable
  package init<Value>(ofValue value: Value, in context: CallContext) {
    self.init(ofValue: value)
    if verdict == .failure, context.callerHasCancelled { verdict = .neutral }
  }

  /// Whether a time limit that has passed takes the place of an error that came then: of its own
  /// cancellation, whatever `classify` calls that, since the caller's would have come before; and of a
  /// failure.
  package func givesWayToLimit(_ error: any Error) -> Bool {
    error is CancellationError || verdict == .failure
  }
}

extension CallContext {
  /// Whether the present task was cancelled by the caller, and not by a time limit outside, which cancels
  /// when the deadline passes.
  ///
  /// A caller that cancels after that is taken for the limit: the destination was too slow by then.
  @usableFromInline
  @inline(never)
  package var callerHasCancelled: Bool {
    Task.isCancelled && !isOverdue(at: deadline.isNever ? Instant(nanoseconds: 0) : readClock())
  }

  /// Whether a time limit outside has passed: this call's deadline, or that of the last caller of an
  /// execution that is shared, which has been cancelled for it.
  package func isOverdue(at now: Instant) -> Bool {
    deadline.hasPassed(at: now)
      || Task.isCancelled && Self.sharedWorkKey.get()?.wasEndedByLimit == true
  }
}

extension Outcome {
  /// Whether one of our own layers refused, so that nothing was sent to the destination.
  @inlinable
  package func isRefusal(_ error: (any Error)?) -> Bool {
    guard verdict == .neutral, let error else { return false }
    return Self.isRejection(error)
  }

  @usableFromInline
  @inline(never)
  package static func isRejection(_ error: any Error) -> Bool { ErrorKind(of: error).contains(.rejection) }
}

extension Handler {
  /// What an error that the handler threw amounts to: what every layer that counts, replaces or repeats goes
  /// by.
  ///
  /// Neutral for a ``Rejection``, and for whatever is thrown after the caller cancelled; else what
  /// ``outcome(ofError:)`` says, which the leaf decides.
  ///
  /// - Parameters:
  ///   - error: What was thrown. Ask in the task that caught it: whether it was cancelled matters.
  ///   - context: The one that the layer asking was called with; its deadline tells a time limit from a
  ///     caller.
  @inlinable
  public func judge(_ error: any Error, in context: CallContext) -> Outcome {
    let kind = ErrorKind(of: error)
    if !kind.contains(.rejection), !context.callerHasCancelled { return classified(error, kind) }
    return Outcome(.neutral, pushback: Outcome(error, kind).pushback)
  }

  /// What a value that the handler returned amounts to: what ``outcome(ofValue:)`` says, but that a failure
  /// which comes after the caller cancelled is neutral, since a client may answer a cancellation with a value
  /// too.
  ///
  /// - Parameters:
  ///   - value: What was returned. Ask in the task that got it.
  ///   - context: The one that the layer asking was called with.
  @inlinable
  @inline(__always)
  public func judge(value: Output, in context: CallContext) -> Outcome {
    var outcome = outcome(ofValue: value)
    if _slowPath(outcome.verdict == .failure), context.callerHasCancelled { outcome.verdict = .neutral }
    return outcome
  }
}

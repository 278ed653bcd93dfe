// The one place that decides what an error means. Every layer that counts, replaces or repeats asks here, so that they all
// say the same.

extension Outcome {
  /// How a thrown error counts when the work said nothing about it: what every layer's inline face goes by.
  ///
  /// - **Neutral**: a ``Rejection``, since one of our own layers refused; and whatever is thrown after the caller cancelled,
  ///   since a client may make any error of that.
  /// - **A failure**: everything else; a `CancellationError` that the caller did not cause; and what is thrown by a task that
  ///   a time limit cancelled, since the destination was too slow.
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

extension CallContext {
  /// Whether the present task was cancelled by the caller, and not by a time limit outside, which cancels when the deadline
  /// passes.
  @usableFromInline
  @inline(never)
  var callerHasCancelled: Bool {
    Task.isCancelled && (deadline.isNever || !deadline.hasPassed(at: readClock()))
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
  /// What an error that the handler threw amounts to: what every layer that counts, replaces or repeats goes by.
  ///
  /// Neutral for a ``Rejection``, and for whatever is thrown after the caller cancelled; else what
  /// ``outcome(ofError:)`` says, which the leaf decides.
  ///
  /// - Parameters:
  ///   - error: What was thrown. Ask in the task that caught it: whether it was cancelled matters.
  ///   - context: The one that the layer asking was called with; its deadline tells a time limit from a caller.
  @inlinable
  public func judge(_ error: any Error, in context: CallContext) -> Outcome {
    let kind = ErrorKind(of: error)
    if !kind.contains(.rejection), !context.callerHasCancelled { return classified(error, kind) }
    return Outcome(.neutral, pushback: Outcome(error, kind).pushback)
  }
}

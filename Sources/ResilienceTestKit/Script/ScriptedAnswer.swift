/// How a ``ScriptedHandler`` behaves in one call.
public indirect enum ScriptedAnswer<Output: Sendable>: Sendable {
  /// Returns a value.
  case succeed(Output)

  /// Throws an error.
  case fail(any Error)

  /// Waits on the call's clock, then goes on; throws `CancellationError` when it is cancelled meanwhile.
  case delay(Duration, then: ScriptedAnswer)

  /// Waits until it is cancelled, then throws `CancellationError`.
  case hang
}

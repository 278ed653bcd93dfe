/// What a ``ScriptedHandler`` does with calls that its list does not provide for.
public enum ScriptEnding: Sendable, Hashable {
  /// Throws ``ScriptEnded``: a call that nobody planned is a finding.
  case fail

  /// Behaves as in the last call of the list.
  case repeatLast
}

extension Outcome {
  /// How a value counts when nobody classified it: a success, unless it is ``PushbackProviding``.
  @inlinable
  public init<Value>(ofValue value: Value) {
    if PushbackProvidingTypes.contains(Value.self), let provider = value as? any PushbackProviding {
      self.init(provider.verdict, pushback: provider.pushback)
    } else {
      self = .success
    }
  }

  /// How an error counts by itself: neutral for a ``Rejection``, a failure for anything else, with its
  /// pushback.
  @usableFromInline
  package init(unclassified error: borrowing any Error) {
    self.init(copy error, ErrorKind(of: error))
  }

  @inlinable
  package init(_ error: borrowing any Error, _ kind: ErrorKind) {
    self = kind.isEmpty ? .failure : Outcome(unusual: copy error, kind)
  }

  @usableFromInline
  @inline(never)
  init(unusual error: borrowing any Error, _ kind: ErrorKind) {
    let pushback = kind.contains(.pushbackProviding) ? (copy error as? any PushbackProviding)?.pushback : nil
    self.init(kind.contains(.rejection) ? .neutral : .failure, pushback: pushback ?? .none)
  }
}

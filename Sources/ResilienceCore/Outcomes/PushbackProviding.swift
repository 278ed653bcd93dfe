/// An error or a response that carries a word from the destination.
///
/// An error that conforms stays a failure and brings its ``pushback``. A value that conforms (a response with
/// a status) decides its ``verdict`` itself.
public protocol PushbackProviding {
  /// What the destination asks of its callers.
  var pushback: Pushback { get }

  /// How it counts; by default a failure when anything is pushed back, else a success. Not asked of errors.
  var verdict: Verdict { get }
}

extension PushbackProviding {
  /// A failure when anything is pushed back, else a success.
  public var verdict: Verdict { pushback == .none ? .success : .failure }
}

public import ResilienceCore

/// The data of an event is not what its type's coding reads.
///
/// A bus that delivers such an event makes a dead letter of it, with its bytes
/// (``DeadLetter/Reason/undecodable``); its consumer goes on.
public struct UndecodableEvent: Error, PushbackProviding, Hashable, CustomStringConvertible {
  /// The event's type.
  public let type: String

  /// The event's id.
  public let id: String

  /// What is wrong, with the way to the value: `at lines.0.price: expected Int, found a string`.
  public let problem: String

  init(type: String, id: String, _ error: any Error) {
    self.type = type
    self.id = id
    problem = Self.text(of: error)
  }

  /// It stays so: do not retry.
  public var pushback: Pushback { .doNotRetry }

  /// Names the event and what is wrong.
  public var description: String {
    SafeText.escaped("event \(id) of type \"\(type)\" cannot be decoded: \(problem)")
  }

  private static func text(of error: any Error) -> String {
    let context: DecodingError.Context
    switch error as? DecodingError {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
      .dataCorrupted(let found):
      context = found
    default:
      return "\(error)"
    }
    let path = context.codingPath.pathText
    return path.isEmpty ? context.debugDescription : "at \(path): \(context.debugDescription)"
  }
}

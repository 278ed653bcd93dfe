public import ResilienceCore

/// An event's payload has no form as bytes, so that it cannot leave memory.
///
/// Make the payload `Codable`, or give its ``EventType`` an ``EventCoding``. Code that is generic over the
/// payload does not see that it is `Codable`: make the `EventType` where the payload's type is known.
public struct NoEventCoding: Error, PushbackProviding, Hashable, CustomStringConvertible {
  /// The event's type.
  public let type: String

  /// The Swift type of its payload.
  public let payload: String

  /// It stays so: do not retry.
  public var pushback: Pushback { .doNotRetry }

  /// Names both types.
  public var description: String {
    SafeText.escaped(
      "an event of type \"\(type)\" cannot be written: \(payload) is not Codable, and the type has no coding")
  }
}

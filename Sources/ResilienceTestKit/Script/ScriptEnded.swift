/// A ``ScriptedHandler`` was called more often than its list provides for.
public struct ScriptEnded: Error, Hashable, CustomStringConvertible {
  /// The handler's name.
  public let handler: String

  /// Which call it was, from 1.
  public let call: Int

  /// How many calls the list provides for.
  public let scripted: Int

  /// The handler, the call, and what was provided for.
  public var description: String {
    "call \(call) of the scripted handler \"\(handler)\", which is scripted for \(scripted)"
  }
}

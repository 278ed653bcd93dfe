/// A command was not answered as it should be: Redis is away, refused it, or said what nobody can read.
public struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Reason: Sendable, Hashable {
    /// There is no connection, and none could be made: the command was not sent.
    case refused

    /// The connection ended before the reply, or the client was closed: the command may have been done.
    case closed

    /// There was no reply in time: the command may have been done, or may still be.
    case timedOut

    /// Redis answered with an error, whose first word is the code: `OOM`, `READONLY`, `ERR`.
    case server(code: String)

    /// A reply is not what it should be.
    case malformedReply

    /// As many commands as the client allows wait for their replies: this one was not sent.
    case tooManyCommands

    /// It is more than can be sent at once, or could be read again: it was not sent.
    case tooLarge
  }

  /// What kind of error it is.
  public let reason: Reason

  /// The command, such as `EVALSHA`.
  public let command: String

  /// What Redis or the system said, or what could not be read.
  public let message: String

  /// Whether Redis may have done it.
  var wasSent: Bool { reason != .refused && reason != .tooManyCommands && reason != .tooLarge }

  init(_ reason: Reason, _ command: String, _ message: String) {
    self.reason = reason
    self.command = command
    self.message = message
  }

  /// Such as `Redis: XADD: OOM command not allowed when used memory > 'maxmemory'.`
  public var description: String { "Redis: \(command): \(message)" }
}

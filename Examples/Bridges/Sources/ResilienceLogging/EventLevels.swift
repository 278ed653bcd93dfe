public import Logging

/// The level of the line that each kind of event becomes.
///
/// What a busy service does all the time is `debug`, refusals too: under overload they are a flood, and
/// metrics count them. What changes for everybody is `notice`, or `warning` when it is for the worse. What
/// was lost, or needs a person, is `error`.
///
/// ```swift
/// var levels = EventLevels.standard
/// levels["retry.scheduled"] = .info
/// ```
public struct EventLevels: Sendable {
  private var levels: [String: Logger.Level]

  /// The level of events that the table does not name, as those of layers of one's own.
  public var others: Logger.Level

  /// Creates a table.
  ///
  /// - Parameters:
  ///   - levels: By the event's name, such as `circuit_breaker.opened`.
  ///   - others: For events that the table does not name. Default: `info`.
  public init(_ levels: [String: Logger.Level], others: Logger.Level = .info) {
    self.levels = levels
    self.others = others
  }

  /// The level of events of this name; `others` for one that the table does not name.
  public subscript(name: String) -> Logger.Level {
    get { levels[name] ?? others }
    set { levels[name] = newValue }
  }

  /// Whether the table has a level for events of this name.
  public func names(_ name: String) -> Bool { levels[name] != nil }
}

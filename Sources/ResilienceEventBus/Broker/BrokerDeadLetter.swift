internal import ResilienceCore

/// An event that a group was given up on, as a broker keeps it.
public struct BrokerDeadLetter: Sendable {
  /// Tells it from all others of the broker; only the broker reads it.
  public let id: String

  /// The group that did not handle it.
  public let group: String

  /// The event.
  public let event: EncodedEvent

  /// Why and when it was given up.
  public let death: DeadLetter.Death

  /// How often it was given up and redriven before, oldest first.
  public let history: [DeadLetter.Death]

  /// Describes a dead letter.
  public init(
    id: String, group: String, event: EncodedEvent, death: DeadLetter.Death,
    history: [DeadLetter.Death] = []
  ) {
    self.id = id
    self.group = group
    self.event = event
    self.death = death
    self.history = history
  }
}

extension BrokerDeadLetter: CustomStringConvertible {
  /// What, for whom, why.
  public var description: String {
    SafeText.escaped(
      "\(event) for \(group): \(death.reason)" + (death.lastError.map { ", last error: \($0)" } ?? ""))
  }
}

/// What happens to an event for a group that has as many outstanding as it may.
public enum Overflow: String, Sendable, Hashable, CaseIterable, Codable {
  /// Publishing throws ``QueueFull``, and no group gets the event.
  case refuse

  /// Publishing waits until there is room. Where nothing can wait (a publish without `await`, a reply, an
  /// event whose time has come) it is as ``refuse``.
  case wait

  /// The group's oldest event that no handler is at work on is dropped, and told of as
  /// ``EventBusEvent/Kind/dropped``: for events of which only the latest matter.
  case dropOldest

  /// The group's oldest event that no handler is at work on becomes a dead letter.
  case deadLetterOldest
}

public import ResilienceCore

/// What an inbox answers to who wants to handle an event.
public enum InboxAdmission: Sendable, Hashable {
  /// Handle it, then commit or release.
  case reserved(InboxReservation)

  /// It was handled before: do nothing.
  case duplicate

  /// Somebody else is handling it, or the inbox is full of reservations: ask again at the instant.
  case busy(until: Instant)
}

internal import ResilienceCore

/// Whoever waits for a service to change. One of them, the lookout, keeps a timer for the next expiry; so a
/// thousand watchers are not woken a thousand times for each lease.
struct Watchers {
  /// Where one waits.
  struct Place: Sendable {
    let ticket: UInt64
    /// Whose place it is: a list that was begun anew gives the same tickets out again.
    let waiter: Waiter
    /// For the lookout; never for the others.
    let timerAt: Instant
  }

  /// Whom to wake, once no lock is held.
  enum Woken: Sendable {
    case nobody
    case one(Waiter)
    case all([UInt64: Waiter])

    func grant() {
      switch self {
      case .nobody: break
      case .one(let waiter): waiter.grant()
      // In order of arrival, so that a simulation repeats itself.
      case .all(let waiting): waiting.sorted { $0.key < $1.key }.forEach { $0.value.grant() }
      }
    }
  }

  private var waiting: [UInt64: Waiter] = [:]
  private var nextTicket: UInt64 = 0
  private var lookout: UInt64?

  var count: Int { waiting.count }

  mutating func add(_ waiter: Waiter, timerAt instant: Instant) -> Place {
    nextTicket += 1
    waiting[nextTicket] = waiter
    guard lookout == nil else {
      return Place(ticket: nextTicket, waiter: waiter, timerAt: Deadline.never.instant)
    }
    lookout = nextTicket
    return Place(ticket: nextTicket, waiter: waiter, timerAt: instant)
  }

  /// Everybody, since something has changed.
  mutating func takeAll() -> Woken {
    guard !waiting.isEmpty else { return .nobody }
    defer {
      waiting = [:]
      lookout = nil
    }
    return .all(waiting)
  }

  /// The lookout, since its timer is set too late.
  mutating func takeLookout() -> Woken {
    guard let ticket = lookout, let waiter = waiting.removeValue(forKey: ticket) else { return .nobody }
    lookout = nil
    return .one(waiter)
  }

  /// Takes one out. When it was the lookout, another one is woken to be it.
  mutating func remove(_ place: Place) -> Woken {
    guard waiting[place.ticket] === place.waiter else { return .nobody }
    waiting[place.ticket] = nil
    guard lookout == place.ticket else { return .nobody }
    lookout = nil
    guard let next = waiting.keys.min(), let waiter = waiting.removeValue(forKey: next) else {
      return .nobody
    }
    return .one(waiter)
  }
}

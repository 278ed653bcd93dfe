internal import ResilienceCore

/// The queue and the workers of a simulated service.
struct ServiceQueue<Ticket> {
  enum Arrival: Equatable {
    case started
    case queued
    case rejected
  }

  enum Ending: Equatable {
    case inTime
    case wasted
    case failed
  }

  /// What a free worker does: starts one, after dropping those whose deadline has passed.
  struct Handover {
    var dropped: [Ticket] = []
    var started: Ticket?
  }

  private let workers: Int
  private let queueLimit: Int
  private let servesNewestFirst: Bool
  private let dropsExpiredWork: Bool
  private var queue = FIFO<(ticket: Ticket, deadline: Deadline)>()
  private(set) var snapshot: SimulatedServiceSnapshot

  init(service: String, workers: Int, queueLimit: Int, servesNewestFirst: Bool, dropsExpiredWork: Bool) {
    self.workers = workers
    self.queueLimit = queueLimit
    self.servesNewestFirst = servesNewestFirst
    self.dropsExpiredWork = dropsExpiredWork
    snapshot = SimulatedServiceSnapshot(service: service)
  }

  mutating func arrive(_ ticket: Ticket, deadline: Deadline, isDown: Bool) -> Arrival {
    snapshot.offered += 1
    if !isDown, snapshot.busyWorkers < workers {
      snapshot.busyWorkers += 1
      return .started
    }
    guard !isDown, snapshot.queueLength < queueLimit else {
      snapshot.rejected += 1
      return .rejected
    }
    queue.append((ticket, deadline))
    snapshot.queueLength += 1
    return .queued
  }

  mutating func finish(_ ending: Ending, at now: Instant) -> Handover {
    switch ending {
    case .inTime: snapshot.completedInTime += 1
    case .wasted: snapshot.wasted += 1
    case .failed: snapshot.failed += 1
    }
    var handover = Handover()
    while handover.started == nil, let next = takeNext() {
      if dropsExpiredWork, next.deadline.hasPassed(at: now) {
        snapshot.expired += 1
        handover.dropped.append(next.ticket)
      } else {
        handover.started = next.ticket
      }
    }
    if handover.started == nil { snapshot.busyWorkers -= 1 }
    return handover
  }

  private mutating func takeNext() -> (ticket: Ticket, deadline: Deadline)? {
    guard let next = servesNewestFirst ? queue.popLast() : queue.popFirst() else { return nil }
    snapshot.queueLength -= 1
    return next
  }
}

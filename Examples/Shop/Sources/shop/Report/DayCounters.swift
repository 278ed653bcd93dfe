import Resilience
import Synchronization

/// Listens to the whole day, and counts what the toolkit decided.
final class DayCounters: CallObserver {
  let events = Tally()
  private let inboxes = Mutex<[Inbox]>([])

  func record(_ event: any ResilienceEvent, in context: CallContext) {
    events.count(event.name)
  }

  func watch(_ inbox: Inbox) {
    inboxes.withLock { $0.append(inbox) }
  }

  var duplicatesDropped: Int { inboxes.withLock { $0.reduce(0) { $0 + Int($1.snapshot().duplicates) } } }
}

import Resilience
import Synchronization

/// Listens to the whole day, and counts what the toolkit decided.
final class DayCounters: CallObserver {
  let events = Tally()
  /// Retries, by what was called.
  let retries = Tally()
  private let log = Mutex(BreakerLog())
  private let inboxes = Mutex<[Inbox]>([])

  func record(_ event: any ResilienceEvent, in context: CallContext) {
    events.count(event.name)
    if let breaker = event as? CircuitBreakerEvent { log.withLock { $0.record(breaker) } }
    if case .scheduled(let call, _, _, _, _, _)? = event as? RetryEvent { retries.count(call) }
  }

  func watch(_ inbox: Inbox) {
    inboxes.withLock { $0.append(inbox) }
  }

  var breakerLog: BreakerLog { log.withLock { $0 } }

  var duplicatesDropped: Int { inboxes.withLock { $0.reduce(0) { $0 + Int($1.snapshot().duplicates) } } }
}

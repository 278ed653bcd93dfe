import Resilience

/// When each breaker was open, half-open or recovering, as the breakers' events tell.
struct BreakerLog: Sendable {
  struct Stretch: Sendable, Equatable {
    var phase: BreakerPhase
    var start: Instant
    var end: Instant

    var seconds: Double { Double(start.nanoseconds(to: end)) / 1_000_000_000 }
  }

  private struct Change {
    var phase: BreakerPhase
    var instant: Instant
  }

  private var changes: [String: [Change]] = [:]

  mutating func record(_ event: CircuitBreakerEvent) {
    switch event.kind {
    case .opened(_, _, _, _, let until):
      change(event.breaker, to: .open, at: event.instant)
      // A breaker tells of being half-open with the next call: it was so before.
      change(event.breaker, to: .halfOpen, at: until)
    case .halfOpened: change(event.breaker, to: .halfOpen, at: event.instant)
    case .recovering: change(event.breaker, to: .recovering, at: event.instant)
    case .closed: change(event.breaker, to: .closed, at: event.instant)
    case .overridden, .restored, .probeExpired, .staleResult, .rejected: break
    }
  }

  /// What a breaker was until the end of the day, the closed stretches left out.
  func stretches(of breaker: String, until end: Instant) -> [Stretch] {
    let all = changes[breaker] ?? []
    var stretches: [Stretch] = []
    for (index, change) in all.enumerated() where change.phase != .closed && change.instant < end {
      let next = index + 1 < all.count ? min(all[index + 1].instant, end) : end
      if let last = stretches.last, last.phase == change.phase, last.end == change.instant {
        stretches[stretches.count - 1].end = next
      } else if next > change.instant {
        stretches.append(Stretch(phase: change.phase, start: change.instant, end: next))
      }
    }
    return stretches
  }

  private mutating func change(_ breaker: String, to phase: BreakerPhase, at instant: Instant) {
    var all = changes[breaker] ?? []
    // Something that was expected for later has been overtaken.
    while let last = all.last, last.instant > instant { all.removeLast() }
    all.append(Change(phase: phase, instant: instant))
    changes[breaker] = all
  }
}

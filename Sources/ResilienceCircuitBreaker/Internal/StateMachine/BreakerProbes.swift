internal import ResilienceCore

/// The probes of one half-open time, in the order of their admission.
struct BreakerProbes: Sendable {
  struct Probe: Sendable {
    var id: CircuitBreakerToken.ProbeID
    var admittedAt: Instant
    var isSlow = false
  }

  enum Due: Sendable {
    /// It runs past the threshold of slow calls.
    case slow(Int, at: Instant)
    /// It is the oldest, and its lease has ended.
    case expired(at: Instant)
  }

  private(set) var running: [Probe] = []
  private var issued: Int64 = 0
  private(set) var firstAdmittedAt: Instant?
  private(set) var successes = 0
  private(set) var failures = 0
  var slow = 0
  private(set) var fast = 0

  var taken: Int { running.count + successes + failures }

  /// What the probes that have ended came to; those that run past the threshold are among the slow.
  var tally: CallTally { CallTally(calls: failures + successes, failures: failures, slow: slow) }

  mutating func admit(at now: Instant) -> CircuitBreakerToken.ProbeID {
    issued += 1
    firstAdmittedAt = firstAdmittedAt ?? now
    let id = CircuitBreakerToken.ProbeID(number: issued)
    // In order even if `now` is not: the lease of a later probe never ends before that of an earlier one.
    running.append(Probe(id: id, admittedAt: max(now, running.last?.admittedAt ?? now)))
    return id
  }

  mutating func remove(_ id: CircuitBreakerToken.ProbeID) -> Probe? {
    guard let index = running.firstIndex(where: { $0.id == id }) else { return nil }
    return running.remove(at: index)
  }

  mutating func removeOldest() -> Probe { running.removeFirst() }

  mutating func count(_ result: CallResult, of probe: Probe) {
    if result.failed { failures += 1 } else { successes += 1 }
    if !result.slow {
      fast += 1
    } else if !probe.isSlow {
      slow += 1
    }
  }

  mutating func markSlow(_ index: Int) {
    running[index].isSlow = true
    slow += 1
  }

  /// What time has made of them by `now`, the first of it.
  func due(by now: Instant, _ rules: CircuitBreakerRules) -> Due? {
    guard let oldest = running.first else { return nil }
    let expiry = oldest.admittedAt.advanced(byNanoseconds: rules.leaseNanoseconds)
    if rules.timesCalls, let index = running.firstIndex(where: { !$0.isSlow }) {
      let crossing = running[index].admittedAt.advanced(byNanoseconds: rules.slowNanoseconds)
      if crossing <= now, crossing < expiry { return .slow(index, at: crossing) }
    }
    return expiry <= now ? .expired(at: expiry) : nil
  }
}

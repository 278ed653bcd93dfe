internal import Resilience

/// What a process has leased, and what it does when a call asks for permits. Pure.
struct LeaseState: Sendable {
  enum Step: Sendable {
    case acquired
    case refused(retryAt: Instant)
    /// Redis is asked, by whoever is told so; then ask again.
    case ask(LeaseRequest)
    /// Somebody asks Redis already.
    case wait
    /// As many as may wait already do.
    case full
    /// Redis is away: the local limit decides. With a request Redis is asked meanwhile whether it is back.
    case fallback(LeaseRequest?, nextTry: Instant)
  }

  private static let firstBackoff: Int64 = 50_000_000
  private static let longestBackoff: Int64 = 250_000_000

  let policy: LeasePolicy
  private(set) var available = 0
  private(set) var granted = 0
  private(set) var endsAt = Instant(nanoseconds: 0)
  private(set) var roundTrips = 0
  private(set) var isAway = false
  private var number = 0
  private var grantedAt = Instant(nanoseconds: 0)
  private var isAsking = false
  private var refusal: (permits: Int, until: Instant)?
  /// The bucket had less than was wanted: it is not asked for each permit that comes back.
  private var nextAskAt = Instant(nanoseconds: 0)
  private var wanted = 1
  /// What those who wait ask for together.
  private var queued = 0
  private var failures = 0
  private var retryAt = Instant(nanoseconds: 0)

  init(_ policy: LeasePolicy) {
    self.policy = policy
  }

  /// - Parameter mayWait: Whether it may wait for the answer that somebody else has asked for.
  mutating func take(_ permits: Int, at now: Instant, mayWait: Bool = true) -> Step {
    if !isAsking, permits <= available, now < endsAt {
      available -= permits
      return .acquired
    }
    if isAway {
      guard !isAsking, now >= retryAt else { return .fallback(nil, nextTry: max(retryAt, now)) }
      return .fallback(ask(permits, at: now), nextTry: now)
    }
    if let refusal, permits >= refusal.permits, now < refusal.until {
      return .refused(retryAt: refusal.until)
    }
    if !isAsking, now < nextAskAt { return .refused(retryAt: nextAskAt) }
    if isAsking {
      guard mayWait else { return .full }
      queued += permits
      return .wait
    }
    return .ask(ask(permits, at: now))
  }

  /// Of the lease that lasts.
  mutating func refund(_ permits: Int, at now: Instant) {
    if !isAsking, now < endsAt { available = min(granted, available + permits) }
  }

  /// What gives the lease back; `nil` when there is none, or it is being given back.
  mutating func giveBack(at now: Instant) -> LeaseRequest? {
    guard !isAsking, available > 0, now < endsAt else { return nil }
    return request(need: 1, want: 0)
  }

  private mutating func ask(_ permits: Int, at now: Instant) -> LeaseRequest {
    let used = granted - available
    let elapsed = max(1, grantedAt.nanoseconds(to: now))
    // As much as was used lately, in the time for which a lease is to do; no more than twice the last one.
    let rate = Int(clamping: Int128(used) * Int128(policy.intervalNanoseconds) / Int128(elapsed))
    wanted = max(1, min(rate, 2 * wanted, policy.maxLease))
    let want = max(permits, min(policy.maxLease, max(wanted, queued + permits)))
    queued = 0
    return request(need: permits, want: want)
  }

  private mutating func request(need: Int, want: Int) -> LeaseRequest {
    defer {
      isAsking = true
      available = 0
      granted = 0
    }
    roundTrips += 1
    return LeaseRequest(number: number, used: granted - available, need: need, want: want)
  }

  /// - Parameter sentAt: When Redis was asked: a lease ends no later here than there.
  mutating func answered(_ grant: LeaseGrant, to request: LeaseRequest, sentAt: Instant, at now: Instant) {
    isAsking = false
    isAway = false
    failures = 0
    available = grant.permits
    granted = grant.permits
    grantedAt = now
    endsAt = sentAt.advanced(byNanoseconds: policy.lifetimeNanoseconds)
    refusal = nil
    if grant.permits < request.want {
      nextAskAt = now.advanced(byNanoseconds: policy.intervalNanoseconds / 5)
    }
    if grant.permits > 0 {
      number += 1
    } else if request.want > 0 {
      // What others have leased they may give back meanwhile.
      let wait = min(grant.waitNanoseconds, policy.lifetimeNanoseconds)
      refusal = (request.need, now.advanced(byNanoseconds: wait))
    }
  }

  /// Redis did not answer. What was leased may have been given back: it is gone.
  mutating func failed(at now: Instant) {
    isAsking = false
    isAway = true
    queued = 0
    let backoff = min(Self.longestBackoff, Self.firstBackoff << Int64(min(failures, 10)))
    failures += 1
    retryAt = now.advanced(byNanoseconds: backoff)
  }
}

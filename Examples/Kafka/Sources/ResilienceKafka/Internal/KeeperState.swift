internal import Resilience

/// Who releases events for later, as this process sees it. Pure.
///
/// No wall clock has a say. All read the claims in the same order: of those for a new term the first counts,
/// and its holder renews it. Each process takes a claim for over when it has seen none that is newer for
/// `time`, by its own clock; its holder counts from before it wrote it, and so stops before others begin that
/// read as fast as it. One that is behind, as after a stop, may claim the next term too soon: then what is under
/// way comes twice.
struct KeeperState {
  static let time: Duration = .seconds(3)
  /// How long it waits for its claim to be read before it writes another one.
  private static let patience: Duration = .seconds(1)
  /// So that there is a term behind each.
  private static let terms: Range<Int64> = 0..<1 << 62

  let id: String
  private(set) var claim: StoredKeeper?
  private var end = Instant(nanoseconds: .min)
  private var nextClaim = Instant(nanoseconds: .min)

  init(id: String) { self.id = id }

  /// - Parameter now: When it was read.
  /// - Returns: Whether it is a claim at all.
  mutating func apply(_ new: StoredKeeper, at now: Instant) -> Bool {
    guard Self.terms.contains(new.term) else { return false }
    if let claim {
      let isRenewal = new.term == claim.term && new.holder == claim.holder
      guard isRenewal || new.term > claim.term else { return true }
    }
    claim = new
    let begin = new.holder == id ? min(now, Instant(nanoseconds: new.written)) : now
    end = new.isGivenUp ? now : begin.advanced(by: Self.time)
    return true
  }

  func isOurs(at now: Instant) -> Bool { claim?.holder == id && now < end }

  /// The claim that is to be written now, where something is due.
  mutating func wanted(at now: Instant) -> StoredKeeper? {
    guard now >= nextClaim else { return nil }
    let term: Int64
    if isOurs(at: now) {
      guard now.advanced(by: Self.time / 2) >= end else { return nil }
      term = claim?.term ?? 0
    } else {
      guard now >= end else { return nil }
      // Also of its own that is over: others may have begun to claim the next one.
      term = min((claim?.term ?? -1) + 1, Self.terms.upperBound - 1)
    }
    nextClaim = now.advanced(by: Self.patience)
    return StoredKeeper(holder: id, term: term, written: now.nanoseconds, isGivenUp: false)
  }

  /// So that the next keeper need not wait; `nil` where it is another process.
  func givenUp(at now: Instant) -> StoredKeeper? {
    guard isOurs(at: now), let claim else { return nil }
    return StoredKeeper(holder: id, term: claim.term, written: now.nanoseconds, isGivenUp: true)
  }
}

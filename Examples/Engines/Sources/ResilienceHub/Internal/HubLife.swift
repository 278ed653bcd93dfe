internal import Resilience
internal import Synchronization

/// Tells this life of the hub from those before: a store in memory counts its leases and revisions from 1 again, and
/// what was given out in an earlier life must not be something else in this one. So both leave the hub under other
/// numbers, which are far from those of any other life.
final class HubLife: Sendable {
  private let leaseMask: Int64
  private let base: UInt64
  /// The last of the store's revisions that was given out.
  private let latest = Mutex<UInt64>(0)

  init(_ context: CallContext = .current) {
    leaseMask = Int64(bitPattern: context.random() >> 1)
    // A store has 63 bits at most: the sum has 64.
    base = context.random() >> 2
  }

  // MARK: - Leases

  func outward(lease: Int64) -> Int64 { lease ^ leaseMask }

  func inward(lease: Int64) -> Int64 { lease ^ leaseMask }

  // MARK: - Revisions

  func outward(revision: UInt64) -> UInt64 {
    latest.withLock { $0 = max($0, revision) }
    return base &+ revision
  }

  /// `nil` for one that was not given out in this life.
  func inward(revision: UInt64) -> UInt64? {
    let inner = revision &- base
    return inner <= latest.withLock { $0 } ? inner : nil
  }
}

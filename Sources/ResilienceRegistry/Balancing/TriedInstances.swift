internal import ResilienceCore

/// Remembers which registrations a logical call has been sent to, so that a retry goes elsewhere.
///
/// A fixed table of fingerprints, one for each pair of a call and a registration: a newer pair takes the place of an older
/// one, which then merely loses the courtesy. Never grows, never needs cleaning, and holds as many as a call has tried.
struct TriedInstances {
  private var fingerprints = [UInt32](repeating: 0, count: 4096)

  func contains(_ callID: UInt64, _ epoch: UInt64) -> Bool {
    let hash = hash(callID, epoch)
    return fingerprints[Int(hash & 4095)] == fingerprint(hash)
  }

  @inline(__always)
  mutating func note(_ callID: UInt64, _ epoch: UInt64) {
    let hash = hash(callID, epoch)
    fingerprints[Int(hash & 4095)] = fingerprint(hash)
  }

  // Ids are random numbers, so that one multiplication spreads the pairs.
  @inline(__always)
  private func hash(_ callID: UInt64, _ epoch: UInt64) -> UInt64 {
    let product = (callID ^ (epoch &* SplitMix64.gamma)) &* 0xBF58_476D_1CE4_E5B9
    return product ^ (product &>> 32)
  }

  // Never 0, which is nothing.
  @inline(__always)
  private func fingerprint(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash &>> 32) | 1 }
}

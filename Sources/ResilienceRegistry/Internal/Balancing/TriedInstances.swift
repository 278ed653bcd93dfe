internal import ResilienceCore

/// Remembers which registrations a logical call has been sent to, so that a retry goes elsewhere.
///
/// A fixed table of fingerprints, one for each pair of a call and a registration, two to a place: a newer
/// pair drives out the older of the two, whose call then merely loses the courtesy. Never grows, never needs
/// cleaning, and holds however many a call has tried.
struct TriedInstances {
  // Fingerprints of 32 bits, the newer one in the lower half; 0 is nothing.
  private var places = [UInt64](repeating: 0, count: 4096)

  func contains(_ callID: UInt64, _ epoch: UInt64) -> Bool {
    let hash = hash(callID, epoch)
    let place = places[Int(hash & 4095)]
    return place & 0xFFFF_FFFF == fingerprint(hash) || place &>> 32 == fingerprint(hash)
  }

  @inline(__always)
  mutating func note(_ callID: UInt64, _ epoch: UInt64) {
    let hash = hash(callID, epoch)
    places[Int(hash & 4095)] = places[Int(hash & 4095)] &<< 32 | fingerprint(hash)
  }

  // Ids are random numbers, so that one multiplication spreads the pairs.
  @inline(__always)
  private func hash(_ callID: UInt64, _ epoch: UInt64) -> UInt64 {
    let product = (callID ^ (epoch &* SplitMix64.gamma)) &* 0xBF58_476D_1CE4_E5B9
    return product ^ (product &>> 32)
  }

  @inline(__always)
  private func fingerprint(_ hash: UInt64) -> UInt64 { hash &>> 32 | 1 }
}

internal import ResilienceCore
internal import Synchronization

/// Remembers which registrations a logical call has been sent to, so that a retry goes elsewhere.
///
/// A fixed table of fingerprints, one for each pair of a call and a registration, two to a place: a newer
/// pair drives out the older of the two, whose call then merely loses the courtesy, and so does one of two
/// that are noted in one place at one moment. Never grows, never needs cleaning, and holds however many a
/// call has tried.
struct TriedInstances: ~Copyable {
  // Fingerprints of 32 bits, the newer one in the lower half; 0 is nothing.
  private let places: UnsafeMutablePointer<Atomic<UInt64>>

  private static var count: Int { 4096 }

  init() {
    places = .allocate(capacity: Self.count)
    for index in 0..<Self.count { (places + index).initialize(to: Atomic(0)) }
  }

  deinit {
    places.deinitialize(count: Self.count)
    places.deallocate()
  }

  func contains(_ callID: UInt64, _ epoch: UInt64) -> Bool {
    let hash = hash(callID, epoch)
    let place = places[Int(hash & 4095)].load(ordering: .relaxed)
    return place & 0xFFFF_FFFF == fingerprint(hash) || place &>> 32 == fingerprint(hash)
  }

  @inline(__always)
  func note(_ callID: UInt64, _ epoch: UInt64) {
    let hash = hash(callID, epoch)
    let place = places[Int(hash & 4095)].load(ordering: .relaxed)
    places[Int(hash & 4095)].store(place &<< 32 | fingerprint(hash), ordering: .relaxed)
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

// Allocated once, atomic, freed when nobody has it any more.
extension TriedInstances: @unchecked Sendable {}

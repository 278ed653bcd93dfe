internal import ResilienceCore

/// Remembers which registrations a logical call has been sent to, so that a retry goes elsewhere.
///
/// A fixed table with one place for each hash of a call's id: a newer call takes the place of an older one, which then
/// merely loses the courtesy. Never grows, never needs cleaning.
struct TriedInstances {
  private static let places = 256

  private struct Entry {
    var callID: UInt64 = 0
    // Registration epochs; 0 is none.
    var epochs: SIMD4<UInt64> = .zero
    var next = 0
  }

  private var entries = [Entry](repeating: Entry(), count: places)

  /// Up to four registrations, the most recent ones; 0 where there are fewer.
  func epochs(of callID: UInt64) -> SIMD4<UInt64> {
    let entry = entries[place(of: callID)]
    return entry.callID == callID ? entry.epochs : .zero
  }

  mutating func note(_ epoch: UInt64, of callID: UInt64) {
    let place = place(of: callID)
    if entries[place].callID != callID { entries[place] = Entry(callID: callID) }
    entries[place].epochs[entries[place].next & 3] = epoch
    entries[place].next &+= 1
  }

  private func place(of callID: UInt64) -> Int {
    Int(SplitMix64.mix(callID) % UInt64(Self.places))
  }
}

extension SIMD4<UInt64> {
  /// Spelled out: the mask operations of SIMD types are not specialised and many times slower.
  func holds(_ epoch: UInt64) -> Bool {
    self[0] == epoch || self[1] == epoch || self[2] == epoch || self[3] == epoch
  }
}

/// Remembers which registrations a logical call has been sent to, so that a retry goes elsewhere.
///
/// A fixed table with one place for each hash of a call's id: a newer call takes the place of an older one, which then
/// merely loses the courtesy. Never grows, never needs cleaning.
struct TriedInstances {
  private struct Entry: BitwiseCopyable {
    var callID: UInt64 = 0
    // Registration epochs; 0 is none.
    var epochs: SIMD4<UInt64> = .zero
    var count = 0
  }

  private var entries = [Entry](repeating: Entry(), count: 256)

  /// Whether nothing is known of the call.
  func isNew(_ callID: UInt64) -> Bool {
    entries[place(of: callID)].callID != callID
  }

  /// Up to four registrations, the most recent ones; 0 where there are fewer.
  func epochs(of callID: UInt64) -> SIMD4<UInt64> {
    isNew(callID) ? .zero : entries[place(of: callID)].epochs
  }

  mutating func note(_ epoch: UInt64, of callID: UInt64) {
    let place = place(of: callID)
    if entries[place].callID == callID {
      entries[place].epochs[entries[place].count & 3] = epoch
      entries[place].count &+= 1
    } else {
      entries[place] = Entry(callID: callID, epochs: SIMD4(epoch, 0, 0, 0), count: 1)
    }
  }

  /// The ids are random numbers, so any of their bits will do.
  private func place(of callID: UInt64) -> Int {
    Int(truncatingIfNeeded: callID & 255)
  }
}

extension SIMD4<UInt64> {
  /// Spelled out: the mask operations of SIMD types are not specialised and many times slower.
  func holds(_ epoch: UInt64) -> Bool {
    self[0] == epoch || self[1] == epoch || self[2] == epoch || self[3] == epoch
  }
}

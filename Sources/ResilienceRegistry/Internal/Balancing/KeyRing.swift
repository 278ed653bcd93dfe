internal import ResilienceCore

/// Which instances a key belongs to: each instance is a point on a ring, and a key looks at several places of
/// it.
///
/// It belongs to the instance whose point follows nearest on any of them (multi-probe consistent hashing).
/// With 21 places no instance owns more than about a twentieth above its share, with one point each.
struct KeyRing {
  static let places = 21

  private let points: [UInt64]
  private let slots: [Int32]
  /// For equal parts of the ring, the first point in or after it.
  private let guide: [Int32]
  private let shift: UInt64

  init(_ instances: [(hash: UInt64, slot: Int32)]) {
    let sorted = instances.sorted { ($0.hash, $0.slot) < ($1.hash, $1.slot) }
    points = sorted.map(\.hash)
    slots = sorted.map(\.slot)
    var bits: UInt64 = 1
    while 1 << bits < sorted.count { bits += 1 }
    shift = 64 - bits
    var (guide, index) = ([Int32](), 0)
    for part in 0..<(UInt64(1) << bits) {
      while index < points.count, points[index] < part << shift { index += 1 }
      guide.append(Int32(index))
    }
    self.guide = guide
  }

  var isEmpty: Bool { points.isEmpty }

  /// The slot that follows one of the key's places, and how far it is.
  func follower(of key: UInt64, place: Int) -> (slot: Int, distance: UInt64) {
    let place = SplitMix64.mix(key &+ UInt64(place) &* SplitMix64.gamma)
    var index = Int(guide[Int(place >> shift)])
    while index < points.count, points[index] < place { index += 1 }
    if index == points.count { index = 0 }
    return (Int(slots[index]), points[index] &- place)
  }
}

/// FNV-1a, mixed: the same in every process, unlike `Hasher`'s.
func stableHash(_ text: String) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return SplitMix64.mix(hash)
}

/// What becomes of an order by its nature: its number decides, so that every run of the day decides alike.
enum OrderFate: CaseIterable {
  case goesThrough
  case cardIsDeclined
  /// The provider loses the connection twice before it charges, then works.
  case providerFailsTwice
  /// The provider charges, and its answer never arrives.
  case answerIsLost
  case isOutOfStock
  case parcelIsLost

  /// About one order in three gets into trouble.
  init(ofOrder number: String) {
    // FNV-1a: Swift's own hashes differ from process to process.
    let hash = number.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    switch hash % 17 {
    case 0: self = .cardIsDeclined
    case 1: self = .providerFailsTwice
    case 2: self = .answerIsLost
    case 3: self = .isOutOfStock
    case 4: self = .parcelIsLost
    default: self = .goesThrough
    }
  }
}

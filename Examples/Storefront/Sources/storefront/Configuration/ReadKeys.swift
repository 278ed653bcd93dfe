import Configuration
import Resilience
import Synchronization

/// Notes which keys are read, so that those of a document that nobody reads are found out: a provider tells
/// only what it is asked for.
final class ReadKeys: AccessReporter {
  private let keys = Mutex<Set<String>>([])

  func report(_ event: AccessEvent) {
    let key = event.metadata.key.components.joined(separator: ".")
    keys.withLock { _ = $0.insert(key) }
  }

  /// - Throws: `InvalidSetting` for the first key that nobody has read.
  func check(_ document: [String: Setting]) throws(InvalidSetting) {
    let known = keys.withLock(\.self)
    guard let (key, setting) = document.filter({ !known.contains($0.key) }).min(by: { $0.key < $1.key })
    else { return }
    let nearest = known.map { (distance: Self.distance($0, key), key: $0) }.min { $0 < $1 }
    throw InvalidSetting(
      field: key, value: "\(setting)",
      requirement: "spelt as a key that is read, such as \(nearest?.key ?? "none")")
  }

  /// How many characters have to be put in, left out or replaced.
  private static func distance(_ lhs: String, _ rhs: String) -> Int {
    // What comes from outside may be long.
    let (lhs, rhs) = (Array(lhs.utf8.prefix(100)), Array(rhs.utf8.prefix(100)))
    var row = Array(0...rhs.count)
    for (index, character) in lhs.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, other) in rhs.enumerated() {
        let replaced = diagonal + (character == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[rhs.count]
  }
}

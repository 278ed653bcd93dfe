import Synchronization

/// What a broker has told of that it could not read, or that was lost.
final class Told: Sendable {
  private let list = Mutex<[String]>([])

  var places: [String] { list.withLock { $0 } }
  func add(_ place: String) { list.withLock { $0.append(place) } }
}

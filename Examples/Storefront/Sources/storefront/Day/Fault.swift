import Foundation

extension DayFaults {
  /// Something that is done to the processes of a day.
  enum Fault: Hashable, Sendable {
    /// `kill -9`; the supervisor starts it again.
    case kill(String)
    /// `SIGSTOP`, and some time later `SIGCONT`.
    case stop(String)
    /// `kill -9`, and not started again for a longer time.
    case away(String)
    /// `kill -9`, and started again without anything that it had kept.
    case empty(String)
    /// No packet passes between two of them for some time.
    case cut(String, String, ShopNetwork.Cut)
    /// The disk that a service keeps its data on is full for some time.
    case fillDisk(String)
    /// The wall clock is so many seconds ahead for some time; below zero behind.
    case setClock(String, ahead: Int)
    /// `kill -9` to one of all processes, each second, so many times.
    case killAtRandom(times: Int)
  }
}

extension DayFaults.Fault {
  /// For how long it lasts.
  var duration: Duration {
    switch self {
    case .kill, .empty: .zero
    case .away: .seconds(30)
    case .stop, .cut, .fillDisk, .setClock: .seconds(10)
    case .killAtRandom(let times): .seconds(times)
    }
  }

  /// About how long it takes until it is repaired, and the next one can come.
  var expectedTime: Duration {
    if case .empty = self { return .seconds(25) }
    return duration + .seconds(2)
  }
}

extension DayFaults.Fault: CustomStringConvertible {
  var description: String {
    switch self {
    case .kill(let name): "kill -9 \(name)"
    case .stop(let name): "stop \(name)"
    case .away(let name): "\(name) away"
    case .empty(let name): "\(name) emptied"
    case .cut(let one, let other, .silent): "cut \(one):\(other)"
    case .cut(let one, let other, .resetting): "reset \(one):\(other)"
    case .fillDisk(let name): "disk full, \(name)"
    case .setClock(let name, let ahead): "clock \(name) \(ahead > 0 ? "+" : "")\(ahead) s"
    case .killAtRandom(let times): "kill -9 \(times) times"
    }
  }
}

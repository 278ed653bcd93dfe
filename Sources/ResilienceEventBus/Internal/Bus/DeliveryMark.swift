internal import ResilienceCore
internal import Synchronization

/// A number for a group while its bus runs, that no other one of the process has meanwhile: what the calls of
/// its handlers are known by.
///
/// Not for longer: a bus whose handlers hold it is never let go of.
final class DeliveryMark: Sendable {
  private struct Numbers {
    var free: [UInt16] = []
    var next: UInt16 = 1
  }

  private static let last: UInt16 = 2047
  private static let numbers = Lock(Numbers())

  private let taken = Atomic<UInt16>(0)

  /// 0 while there is none, since the bus does not run or none was left.
  var number: UInt16 { taken.load(ordering: .relaxed) }

  deinit { giveBack() }

  func take() {
    guard number == 0 else { return }
    let number: UInt16 = Self.numbers.withLock { numbers in
      if let number = numbers.free.popLast() { return number }
      guard numbers.next <= Self.last else { return 0 }
      defer { numbers.next += 1 }
      return numbers.next
    }
    taken.store(number, ordering: .relaxed)
  }

  func giveBack() {
    let number = taken.exchange(0, ordering: .relaxed)
    if number != 0 { Self.numbers.withLock { $0.free.append(number) } }
  }
}

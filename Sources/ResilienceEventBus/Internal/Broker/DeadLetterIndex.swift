internal import ResilienceCore

/// Where the dead letters are in the log, by their numbers, which grow.
struct DeadLetterIndex: Sendable {
  struct Slot: Sendable, Hashable {
    let number: Int64
    /// `nil` for one that is gone.
    var offset: Int64?
  }

  private var slots: [Slot] = []
  private(set) var count = 0

  /// Those that are there, oldest first.
  var present: [Slot] { slots.filter { $0.offset != nil } }

  func offset(of number: Int64) -> Int64? { place(of: number).flatMap { slots[$0].offset } }

  /// Adds a letter, or says where it is now. Letters come in any order.
  mutating func set(_ number: Int64, at offset: Int64) {
    let place = lowerBound(number)
    if place < slots.count, slots[place].number == number {
      if slots[place].offset == nil { count += 1 }
      slots[place].offset = offset
    } else {
      slots.insert(Slot(number: number, offset: offset), at: place)
      count += 1
    }
  }

  @discardableResult
  mutating func remove(_ number: Int64) -> Bool {
    guard let place = place(of: number), slots[place].offset != nil else { return false }
    slots[place].offset = nil
    count -= 1
    // Half of them at a time, so that each is moved a few times in its life.
    if slots.count > 2 * count + 64 { slots.removeAll { $0.offset == nil } }
    return true
  }

  private func place(of number: Int64) -> Int? {
    let place = lowerBound(number)
    return place < slots.count && slots[place].number == number ? place : nil
  }

  private func lowerBound(_ number: Int64) -> Int {
    var (low, high) = (0, slots.count)
    while low < high {
      let middle = (low + high) / 2
      if slots[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

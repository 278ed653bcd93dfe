/// Slots to choose among: an array that is picked from by position, with the place of each slot beside it, so
/// that one comes and goes in the same time however many there are.
struct SlotSet {
  private(set) var slots: [Int32] = []
  /// By slot; -1 where it is not in.
  private var places: [Int32] = []

  var count: Int { slots.count }

  func contains(_ slot: Int) -> Bool { slot < places.count && places[slot] >= 0 }

  func place(of slot: Int) -> Int { Int(places[slot]) }

  mutating func insert(_ slot: Int) {
    while places.count <= slot { places.append(-1) }
    guard places[slot] < 0 else { return }
    places[slot] = Int32(slots.count)
    slots.append(Int32(slot))
  }

  /// The last one takes the place of the one that goes.
  mutating func remove(_ slot: Int) {
    guard contains(slot) else { return }
    let place = Int(places[slot])
    places[slot] = -1
    let last = slots.removeLast()
    guard place < slots.count else { return }
    slots[place] = last
    places[Int(last)] = Int32(place)
  }
}

import Testing

@testable import ResilienceCore

@Suite struct ObserverTableTests {
  private final class Observer: CallObserver {}

  @Test func aHandleOfLongAgoNeverFindsALaterOwnerOfItsPlace() {
    var table = ObserverTable()
    let old = table.register(Observer())
    _ = table.unregister(old)
    var found = 0
    for _ in 1...200_000 {
      let handle = table.register(Observer())
      if handle == old || table[old] != nil { found += 1 }
      _ = table.unregister(handle)
    }
    #expect(found == 0)
  }

  /// Four places of three numbers: each handle is given out once before any comes again.
  @Test func aHandleComesAgainWhenAllOthersHaveBeenGivenOut() {
    var table = ObserverTable(maximumPlaces: 4, lastGeneration: 3)
    for _ in 1...5 {
      var handles: Set<ObserverHandle> = []
      for _ in 1...12 {
        let handle = table.register(Observer())
        handles.insert(handle)
        _ = table.unregister(handle)
      }
      #expect(handles.count == 12)
      #expect(!handles.contains(.none))
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func agreesWithADictionary(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var table = ObserverTable(maximumPlaces: 8, lastGeneration: 4)
    var model: [ObserverHandle: Observer] = [:]
    var gone: Set<ObserverHandle> = []
    for _ in 1...1000 {
      let present = model.keys.sorted { $0.rawValue < $1.rawValue }
      if random.next(below: 5) < 3 {
        let observer = Observer()
        let handle = table.register(observer)
        #expect((handle == .none) == (model.count == 8))
        guard handle != .none else { continue }
        #expect(model[handle] == nil)
        model[handle] = observer
        gone.remove(handle)
      } else if !present.isEmpty {
        let handle = present[random.next(below: present.count)]
        #expect(table.unregister(handle) === model.removeValue(forKey: handle))
        #expect(table.unregister(handle) == nil)
        gone.insert(handle)
      }
      #expect(model.allSatisfy { table[$0.key] === $0.value })
      #expect(gone.allSatisfy { table[$0] == nil })
    }
  }
}

import ResilienceCore
import Synchronization
import Testing

@testable import ResilienceRegistry

@Suite struct SlotTableTests {
  private func request(_ draw: UInt64, attempt: UInt16 = 1) -> PickRequest {
    PickRequest(now: 0, callID: 5, attempt: attempt, draw: draw)
  }

  /// The slots that a choice by turns comes to, in one round.
  private func listed(_ table: SlotTable, _ count: Int) -> [Int] {
    table.permitTurns(until: 1)
    table.setTurn(0)
    return (0..<count).compactMap { _ in table.choose(request(0))?.counter.slot }
  }

  @Test func slotsAreNumberedAndStayWhereTheyAre() {
    let table = SlotTable()
    let slots = (0..<1000).map { _ in table.addSlot() }
    #expect(slots.map { $0.counter.slot } == Array(0..<1000))
    #expect(Set(slots.map(\.pointer)).count == 1000)
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func theListHasWhatWasAppendedAndNotRemoved(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let table = SlotTable()
    var model: [Int] = []
    for _ in 0..<300 {
      if model.isEmpty || random.next(below: 3) > 0 {
        let slot = table.addSlot()
        slot.counter.open()
        table.append(slot)
        model.append(slot.counter.slot)
      } else {
        let place = random.next(below: model.count)
        table.remove(at: place)
        let last = model.removeLast()
        if place < model.count { model[place] = last }
      }
      #expect(listed(table, model.count) == model)
    }
  }

  @Test(arguments: [2, 3, 10, 1000])
  func twoPlacesAreDifferentAndEveryPairIsAsLikely(count: Int) {
    let random = SeededRandomSource(seed: 1)
    var firsts = [Int](repeating: 0, count: count)
    var seconds = firsts
    for _ in 0..<(1000 * count) {
      let (first, second) = SlotTable.twoPlaces(of: count, random.next())
      #expect(first != second)
      firsts[first] += 1
      seconds[second] += 1
    }
    #expect(firsts.allSatisfy { (850...1150).contains($0) })
    #expect(seconds.allSatisfy { (850...1150).contains($0) })
    let (first, second) = SlotTable.twoPlaces(of: count, .max)
    #expect((first, second) == (count - 1, count - 2))
  }

  /// Two are read even where there are fewer: the other one is the same, or not open.
  @Test func theOnlyOpenSlotIsFoundWhereverItWas() {
    for removed in [0, 1] {
      let table = SlotTable()
      let slots = [table.addSlot(), table.addSlot()]
      for slot in slots {
        slot.counter.open()
        table.append(slot)
      }
      slots[removed].counter.close()
      table.remove(at: removed)
      for draw in [0, .max, 1 << 63, 0xFFFF_FFFF] as [UInt64] {
        #expect(table.betterOfTwo(draw).counter.slot == slots[1 - removed].counter.slot)
      }
    }
    let table = SlotTable()
    #expect(table.betterOfTwo(0).counter.pin() == false)
  }

  @Test func aLaterAttemptTakesTheOneOfTwoThatItWasNotSentTo() {
    let table = SlotTable()
    for epoch in [1, 2] as [UInt64] {
      let slot = table.addSlot()
      slot.counter.assign(to: epoch)
      slot.counter.open()
      table.append(slot)
    }
    table.permitChoices(until: 1)
    table.tried.note(5, 2)
    for draw in [0, .max] as [UInt64] {
      #expect(table.choose(request(draw, attempt: 2))?.counter.slot == 0)
    }
    table.tried.note(5, 1)
    #expect(table.choose(request(0, attempt: 2))?.counter.slot == nil)
    #expect(table.choose(request(0))?.counter.slot != nil)
  }

  @Test func nothingIsChosenFromTheInstantOn() {
    let table = SlotTable()
    table.append(table.addSlot())
    #expect(table.choose(request(0))?.pointer == nil)
    table.permitChoices(until: 0)
    #expect(table.choose(request(0))?.pointer == nil)
    table.permitChoices(until: 1)
    #expect(table.choose(request(0))?.pointer != nil)
  }

  @Test func whatAnotherTablePreparedIsTakenOverAsItIs() {
    let (table, prepared) = (SlotTable(), SlotTable())
    for _ in 0..<5 {
      let slot = prepared.addSlot()
      slot.counter.open()
      prepared.append(slot)
    }
    prepared.permitTurns(until: 1)
    prepared.publish(version: 9)
    table.adopt(prepared)
    #expect(table.version.load(ordering: .relaxed) == 9)
    #expect(listed(table, 5) == [0, 1, 2, 3, 4])
    let slot = table.addSlot()
    #expect(slot.counter.slot == 5)
    table.append(slot)
    #expect(listed(table, 6) == [0, 1, 2, 3, 4, 5])
    for _ in 0..<100 { _ = table.addSlot() }
    #expect(table.addSlot().counter.slot == 106)
  }
}

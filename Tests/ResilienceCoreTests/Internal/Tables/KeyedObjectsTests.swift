import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceCore

@Suite struct KeyedObjectsTests {
  private final class Thing: Sendable {
    let key: Int
    let isBusy = Atomic<Bool>(false)
    var busyUntil: Int64 { key < 0 ? Int64(-key) * 1_000_000_000 : .max }
    init(_ key: Int) { self.key = key }
  }

  /// Objects that are as new unless they are busy, and those that were forgotten.
  private final class Things: Sendable {
    let objects: KeyedObjects<Int, Thing>
    let retired = Lock<[Int]>([])
    let made = Atomic<Int>(0)

    init(maxKeys: Int) { objects = KeyedObjects(maxKeys: maxKeys) }

    func thing(_ key: Int, at now: Instant = .s(0)) -> Thing? {
      objects.find(key)
        ?? objects.make(key, at: now, asNewFrom: Self.asNewFrom, retire: retire) {
          made.wrappingAdd(1, ordering: .relaxed)
          return Thing(key)
        }
    }

    func sweep() { objects.sweep(at: .s(0), Self.asNewFrom, retire) }

    private static func asNewFrom(_ thing: Thing) -> Instant {
      Instant(nanoseconds: thing.isBusy.load(ordering: .relaxed) ? thing.busyUntil : .min)
    }
    private func retire(_ thing: Thing) { retired.withLock { $0.append(thing.key) } }
  }

  @Test func eachKeyHasOneObject() {
    let things = Things(maxKeys: 1000)
    let first = (0..<100).compactMap { things.thing($0) }
    #expect((0..<100).allSatisfy { things.thing($0) === first[$0] })
    #expect(things.objects.count == 100)
    #expect(things.made.load(ordering: .relaxed) == 100)
  }

  @Test func whatSomebodyHoldsOrIsNotAsNewStays() {
    let things = Things(maxKeys: 1000)
    let held = things.thing(1)
    things.thing(2)?.isBusy.store(true, ordering: .relaxed)
    for key in 3..<50 { _ = things.thing(key) }
    things.sweep()
    #expect(things.objects.count == 2)
    #expect(things.retired.withLock { $0.sorted() } == Array(3..<50))
    #expect(things.thing(1) === held)
    #expect(things.thing(2)?.isBusy.load(ordering: .relaxed) == true)
  }

  @Test(arguments: [1, 3, 100, 5_000])
  func thereAreNoMoreThanThereMayBe(maxKeys: Int) {
    let things = Things(maxKeys: maxKeys)
    for key in 0..<maxKeys { things.thing(key)?.isBusy.store(true, ordering: .relaxed) }
    for key in maxKeys..<(maxKeys + 500) { #expect(things.thing(key) == nil) }
    #expect(things.objects.count == maxKeys)
    // None is made for those that find no room.
    #expect(things.made.load(ordering: .relaxed) == maxKeys)
    // A flood of idle ones pushes nobody out, and makes room for itself.
    things.thing(0)?.isBusy.store(false, ordering: .relaxed)
    let later = things.objects.retryAt(.s(0))
    for key in 10_000..<10_100 {
      #expect(things.thing(key, at: later.advanced(by: .seconds(key - 10_000))) != nil)
    }
    #expect((1..<maxKeys).allSatisfy { things.thing($0, at: .s(1000))?.key == $0 })
  }

  /// Between two sweeps that find nothing there is a pause, after which what is free is found.
  @Test func aFullTableIsLookedAtAgainAfterAPause() {
    let things = Things(maxKeys: 2)
    for key in 0..<2 { things.thing(key)?.isBusy.store(true, ordering: .relaxed) }
    #expect(things.thing(2) == nil)
    things.thing(0)?.isBusy.store(false, ordering: .relaxed)
    #expect(things.thing(2) == nil)
    #expect(things.objects.retryAt(.s(0)) == .s(0.001))
    #expect(things.thing(2, at: .s(0.001)) != nil)
  }

  @Test func whoFindsNoRoomIsToldWhenThereIsSome() {
    let things = Things(maxKeys: 3)
    for key in [-7, -5, 1] { things.thing(key)?.isBusy.store(true, ordering: .relaxed) }
    #expect(things.thing(2) == nil)
    #expect(things.objects.retryAt(.s(0)) == .s(5))
    #expect(things.thing(2, at: .s(4)) == nil)
    #expect(things.thing(2, at: .s(5)) != nil)
    #expect(things.retired.withLock { $0 } == [-5])
  }

  @Test func manyThreadsAgreeOnOneObjectAndTheBoundHolds() async {
    let things = Things(maxKeys: 64)
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          let random = SeededRandomSource(seed: UInt64(worker))
          for round in 0..<5_000 {
            let key = random.next(below: 200)
            if let thing = things.thing(key, at: .ns(Int64(round) * 1_000_000)) {
              #expect(thing.key == key)
              #expect(things.objects.find(key) === thing)
            }
            if round % 100 == 0 { things.sweep() }
          }
        }
      }
    }
    #expect(things.objects.count <= 64)
    things.sweep()
    #expect(things.objects.count == 0)
    #expect(things.retired.withLock { $0.count } <= things.made.load(ordering: .relaxed))
  }
}

import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct ServiceMembersTests {
  private func member(_ id: String, epoch: UInt64 = 1) -> ServiceMember {
    ServiceMember(instance: instance(id), epoch: epoch, health: .unknown)
  }

  /// Against a sorted array, with snapshots that are looked at again in the end.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func itHoldsWhatASortedArrayWouldAndSnapshotsKeepWhatTheyShowed(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var members = ServiceMembers()
    var model: [String: ServiceMember] = [:]
    var snapshots: [(ServiceMembers, [ServiceMember])] = []
    func sorted() -> [ServiceMember] { model.values.sorted { $0.instance.id < $1.instance.id } }
    for step in 0..<2500 as Range<UInt64> {
      let id = "i\(random.next(below: 600))"
      // Grows, shrinks to nearly nothing, and grows again.
      let removes = random.next(below: 10) < ((800..<1700).contains(step) ? 9 : 2)
      if removes {
        #expect(members.remove(id) == model.removeValue(forKey: id))
      } else {
        #expect(
          members.put(member(id, epoch: step)) == model.updateValue(member(id, epoch: step), forKey: id))
      }
      #expect(members.member(withID: id) == model[id])
      if step.isMultiple(of: 100) { snapshots.append((members, sorted())) }
    }
    #expect(Array(members) == sorted())
    #expect(members.indices.map { members[$0] } == sorted())
    for (members, shown) in snapshots {
      #expect(members.count == shown.count)
      #expect(Array(members) == shown)
    }
  }

  @Test func anEmptyOneHasNobody() {
    var members = ServiceMembers()
    #expect(members.member(withID: "a") == nil)
    #expect(members.remove("a") == nil)
    #expect(Array(members) == [])
    for id in 0..<100 { members.put(member("\(id)")) }
    for id in 0..<100 { members.remove("\(id)") }
    #expect(members.isEmpty && members == ServiceMembers())
  }
}

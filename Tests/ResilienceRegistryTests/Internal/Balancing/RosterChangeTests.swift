import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct RosterChangeTests {
  /// Whatever changed between two lists that share what did not, the changes lead from one to the other.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func theChangesLeadFromOneListToTheOther(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var epoch: UInt64 = 0
    var list = ServiceMembers()
    for _ in 0..<60 {
      let before = list
      for _ in 0..<(random.next() % 12) {
        epoch += 1
        let id = "\(random.next() % 300)"
        switch random.next() % 4 {
        case 0: list.remove(id)
        case 1:
          if var member = list.member(withID: id) {
            member.health = [HealthStatus.healthy, .unhealthy, .unknown][Int(random.next() % 3)]
            list.put(member)
          }
        default: list.put(ServiceMember(instance: instance(id), epoch: epoch, health: .healthy))
        }
      }
      var known = Dictionary(uniqueKeysWithValues: before.map { ($0.epoch, $0.health) })
      let changes = RosterChange.between(before, list)
      for change in changes {
        switch change {
        case .joined(let member):
          #expect(known.updateValue(member.health, forKey: member.epoch) == nil)
        case .left(let epoch): #expect(known.removeValue(forKey: epoch) != nil)
        case .changed(let member):
          #expect(known.updateValue(member.health, forKey: member.epoch) != member.health)
        }
      }
      #expect(known == Dictionary(uniqueKeysWithValues: list.map { ($0.epoch, $0.health) }))
    }
  }
}

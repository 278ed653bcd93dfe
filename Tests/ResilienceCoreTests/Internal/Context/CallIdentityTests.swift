import ResilienceCore
import Testing

@Suite struct CallIdentityTests {
  @Test(arguments: [0, 1, 2, .max] as [UInt64])
  func randomBitsAlwaysMakeAnID(random: UInt64) {
    let identity = CallIdentity(random: random)
    #expect(identity.hasID)
    #expect(identity.id == max(2, random))
  }

  @Test func aCallThatIsOnlyClaimedHasNoID() {
    #expect(!CallIdentity.unclaimed.hasID)
    #expect(!CallIdentity.pending.hasID)
    #expect(CallIdentity.pending.id == 0)
    #expect(CallIdentity.unclaimed.id == 0)
    #expect(CallIdentity.pending != .unclaimed)
  }

  @Test func aContextKeepsTheIDThatItWasGivenFirst() {
    var context = CallContext.current
    #expect(context.isUnclaimed)
    context.claim()
    #expect(!context.isUnclaimed)
    #expect(context.callID == 0)
    context.claim(as: 17)
    context.claim(as: 18)
    context.drawCallID()
    #expect(context.callID == 17)
  }

  @Test(arguments: [-1, 0, 1, .max] as [Int64])
  func anInstantThatIsKnownIsNotNone(nanoseconds: Int64) {
    #expect(KnownInstant(Instant(nanoseconds: nanoseconds)).instant == Instant(nanoseconds: nanoseconds))
    #expect(KnownInstant.none.instant == nil)
  }
}

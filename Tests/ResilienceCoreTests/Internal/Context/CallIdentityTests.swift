import Testing

@testable import ResilienceCore

@Suite struct CallIdentityTests {
  @Test func oneThatIsDrawnHasANumberWhateverIsDrawn() {
    for (draw, number) in [(0, 2), (1, 2), (2, 2), (3, 3), (.max, .max)] as [(UInt64, UInt64)] {
      let identity = CallIdentity(drawing: draw)
      #expect(identity.hasNumber && !identity.isUnclaimed)
      #expect(identity.number == number)
    }
  }

  @Test func oneThatIsClaimedHasNoNumberAndNeitherHasOneThatIsNot() {
    #expect(CallIdentity.unclaimed.isUnclaimed && !CallIdentity.pending.isUnclaimed)
    for identity in [CallIdentity.unclaimed, .pending] {
      #expect(!identity.hasNumber)
      #expect(identity.number == 0)
    }
  }

  @Test func aCallKeepsTheNumberThatItHas() {
    var context = CallContext.current
    context.claim()
    #expect(context.identity == .pending)
    context.claim(as: CallIdentity(drawing: 7))
    context.claim()
    context.claim(as: CallIdentity(drawing: 8))
    context.drawCallID()
    #expect(context.callID == 7)
  }

  @Test func bothSmallTypesAreOneWord() {
    #expect(MemoryLayout<CallIdentity>.size == 8)
    #expect(MemoryLayout<KnownInstant>.size == 8)
  }
}

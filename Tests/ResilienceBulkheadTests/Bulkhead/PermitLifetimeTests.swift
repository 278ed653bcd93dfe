import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceBulkhead

/// Permits have no reference of their own to what they are given back to.
@Suite struct PermitLifetimeTests {
  private final class Observed {
    weak var storage: BulkheadStorage?
  }

  private func permits(
    _ weights: [Int], of limit: BulkheadLimit, observed: Observed
  ) -> [Box] {
    let bulkhead = Bulkhead("inventory", limit: limit)
    observed.storage = bulkhead.storage
    return weights.map { Box(bulkhead.tryEnter(weight: $0, at: .s(0))) }
  }

  static var limits: [BulkheadLimit] { [.fixed(100), .adaptive(AdaptiveLimitPolicy(initial: 20))] }

  @Test(arguments: limits, [false, true])
  func theLastPermitOfABulkheadThatIsGoneFreesWhatItWas(limit: BulkheadLimit, areDropped: Bool) {
    let observed = Observed()
    let boxes = permits([1, 3, 0, 2], of: limit, observed: observed)
    for (number, box) in boxes.enumerated() {
      #expect(observed.storage != nil, "before permit \(number)")
      if areDropped { box.drop() } else { box.leave() }
    }
    #expect(observed.storage == nil)
  }

  @Test(arguments: limits) func aPermitThatTakesNothingKeepsNothing(limit: BulkheadLimit) {
    let observed = Observed()
    let boxes = permits([0, 0], of: limit, observed: observed)
    #expect(observed.storage == nil)
    boxes[0].leave()
    boxes[1].drop()
  }

  @Test(arguments: limits) func aBulkheadWithoutPermitsIsFreedAtOnce(limit: BulkheadLimit) {
    let observed = Observed()
    permits([2], of: limit, observed: observed)[0].leave()
    #expect(observed.storage == nil)
  }

  /// For ThreadSanitizer: permits are given back while the bulkhead goes.
  @Test(arguments: limits) func permitsMayBeGivenBackWhileTheBulkheadGoes(limit: BulkheadLimit) async {
    for _ in 0..<200 {
      let observed = Observed()
      var bulkhead: Bulkhead? = Bulkhead("inventory", limit: limit)
      observed.storage = bulkhead?.storage
      let boxes = (0..<4).map { _ in Box(bulkhead!.tryEnter(at: .s(0))) }
      await withTaskGroup { group in
        for box in boxes { group.addTask { box.leave() } }
        bulkhead = nil
      }
      #expect(observed.storage == nil)
    }
  }
}

/// Holds what cannot be copied, where a test wants several; each is used from one task at a time.
private final class Box: @unchecked Sendable {
  private var permit: BulkheadPermit?

  init(_ admission: consuming BulkheadAdmission) {
    switch consume admission {
    case .entered(let permit): self.permit = consume permit
    default: Issue.record("not let in")
    }
  }

  func leave() {
    let permit = permit.take()
    permit?.leave(at: .s(1))
  }

  func drop() { permit = nil }
}

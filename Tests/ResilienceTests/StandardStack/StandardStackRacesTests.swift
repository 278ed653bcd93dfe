import Foundation
import Resilience
import Testing

/// Who changes a standard stack while others do.
@Suite struct StandardStackRacesTests {
  private static let policies = (1...8).map { number in
    StandardStackPolicy(
      deadline: .seconds(number), timeout: .milliseconds(number),
      retry: RetryPolicy(maxAttempts: number), rateLimit: .perSecond(number),
      bulkhead: BulkheadPolicy(limit: .fixed(number)))
  }

  /// Every layer has what was said last, and not one of them what somebody else said before.
  private func isOfOnePiece(_ stack: StandardStack) -> Bool {
    let (policy, layers) = (stack.policy, ServiceCall { (number: Int) in number }.standardStack(stack).layers)
    return stack.rateLimiter.limit == policy.rateLimit && stack.bulkhead.policy == policy.bulkhead
      && layers.contains { $0.kind == "retry" && "\($0)".contains("\(policy.retry.maxAttempts) (") }
      && layers.contains { "\($0)" == "deadline \(policy.retry.maxAttempts) s" }
  }

  @Test func thoseWhoUpdateAtTheSameTimeLeaveOnePolicy() {
    let stack = StandardStack("stock")
    for _ in 0..<300 {
      DispatchQueue.concurrentPerform(iterations: 8) { stack.update(Self.policies[$0]) }
      #expect(isOfOnePiece(stack), "\(stack.policy)")
    }
  }

  @Test func documentsThatAreReadAtTheSameTimeLeaveOne() {
    let stacks = StandardStacks()
    let names = (0..<20).map { "\($0)" }
    for name in names { _ = stacks[name] }
    for _ in 0..<50 {
      DispatchQueue.concurrentPerform(iterations: 8) { number in
        stacks.update(
          Dictionary(uniqueKeysWithValues: names.map { ($0, Self.policies[number]) }))
      }
      let policies = Set(names.map { stacks[$0].policy })
      #expect(policies.count == 1)
      #expect(names.allSatisfy { isOfOnePiece(stacks[$0]) })
    }
  }
}

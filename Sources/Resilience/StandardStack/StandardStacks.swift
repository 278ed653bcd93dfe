internal import ResilienceCore

/// The stacks of all that a service calls, by name, from one document that may be read again while calls run.
///
/// ```swift
/// let stacks = StandardStacks(try decoder.decode([String: StandardStackPolicy].self, from: document))
/// let charge = ServiceCall("charge") { … }.standardStack(stacks["payment"])
///
/// // The document has changed:
/// stacks.update(try decoder.decode([String: StandardStackPolicy].self, from: document))
/// ```
///
/// ```json
/// {
///   "payment": { "deadline": "5s", "timeout": "2s", "rateLimit": { "permits": 50, "period": "1s" } },
///   "stock": { "retry": { "maxAttempts": 2 } }
/// }
/// ```
///
/// A document that is wrong throws an `InvalidSetting`, such as `payment.retry.maxAttempts must be in 1 ...`,
/// while it is read, before anything has changed. A name that is spelt otherwise in the document than in the
/// program is found in ``unusedNames``.
public final class StandardStacks: Sendable {
  private struct State {
    var policies: [String: StandardStackPolicy]
    var stacks: [String: StandardStack] = [:]
  }

  private let standard: StandardStackPolicy
  private let state: Lock<State>

  /// Creates stacks, each when it is first asked for.
  ///
  /// - Parameters:
  ///   - policies: What the stacks of these names do. Default: none are named.
  ///   - standard: What every other stack does. Default: good for a call that a person waits for.
  public init(
    _ policies: [String: StandardStackPolicy] = [:], standard: StandardStackPolicy = StandardStackPolicy()
  ) {
    self.standard = standard
    state = Lock(State(policies: policies))
  }

  /// The stack of a destination: the same one each time.
  ///
  /// - Parameter name: A constant of the program; each name that is asked for is kept.
  public subscript(name: String) -> StandardStack {
    while true {
      let (found, policy) = state.withLock { ($0.stacks[name], $0.policies[name] ?? standard) }
      if let found { return found }
      // Made outside the lock. If two make it at once the first is kept; if the policies have changed
      // meanwhile, it is made again.
      let made = StandardStack(name, policy: policy)
      let kept = state.withLock { state in
        if let first = state.stacks[name] { return first as StandardStack? }
        guard (state.policies[name] ?? standard) == policy else { return nil }
        state.stacks[name] = made
        return made
      }
      if let kept { return kept }
    }
  }

  /// Has other policies hold from now on: for the stacks that they name, and the standard one for the others.
  ///
  /// Counts, debts and places stay: see ``StandardStack/update(_:)``. A stack whose policy is the same as
  /// before is not touched.
  public func update(_ policies: [String: StandardStackPolicy]) {
    let stacks = state.withLock { state in
      state.policies = policies
      return state.stacks
    }
    for (name, stack) in stacks { bringUpToDate(stack, name) }
  }

  /// Has a stack go by the present policies, whoever else changes them meanwhile.
  private func bringUpToDate(_ stack: StandardStack, _ name: String) {
    while case let latest = state.withLock({ $0.policies[name] }) ?? standard, latest != stack.policy {
      stack.update(latest)
    }
  }

  /// The names in the policies whose stack nobody has asked for so far: misspelt ones, once all stacks are
  /// made.
  public var unusedNames: [String] {
    state.withLock { state in state.policies.keys.filter { state.stacks[$0] == nil } }.sorted()
  }

  /// The stacks that were asked for so far, by name.
  public var all: [String: StandardStack] { state.withLock { $0.stacks } }
}

import Resilience

/// What may change of the calls to a service, while they run.
struct LiveCallPolicy: Sendable {
  let deadline = LivePolicy(CallPolicy().deadline)
  let timeout = LivePolicy(CallPolicy().timeout)
  let retry = LivePolicy(CallPolicy().retry)

  func update(_ policy: CallPolicy) {
    deadline.update(policy.deadline)
    timeout.update(policy.timeout)
    retry.update(policy.retry)
  }
}

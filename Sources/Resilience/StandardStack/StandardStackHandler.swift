public import ResilienceCircuitBreaker
public import ResilienceCore
public import ResilienceRetry
public import ResilienceTimeout

/// The layers of a ``StandardStack`` around a handler, from the outside in.
public typealias StandardStackHandler<Base: Handler> =
  LiveDeadlineHandler<AdmissionHandler<RetryHandler<CircuitBreakerHandler<LiveTimeoutHandler<Base>>>>>

extension Handler {
  /// Wraps the handler in all that usually stands between a service and another one: a deadline, a rate limit
  /// and a bulkhead where the stack's policy has them, retries within a budget, a breaker, and a time limit
  /// for each attempt.
  ///
  /// An event handler takes the same, best with ``Resilience/StandardStackPolicy/eventHandler``, and
  /// `.deduplicate` around it, so that the retry inside is not taken for a second delivery:
  ///
  /// ```swift
  /// EventHandler("bill") { (event: Event<Order>) in … }
  ///   .standardStack(.eventHandler)
  ///   .deduplicate(Inbox(policy: InboxPolicy(lease: .seconds(60))))
  /// ```
  ///
  /// - Parameter stack: The destination's, shared by every call to it.
  public func standardStack(_ stack: StandardStack) -> StandardStackHandler<Self> {
    layers(of: stack)
  }

  /// Wraps the handler in a stack of its own, which has the handler's name; see
  /// ``standardStack(_:)-(StandardStack)``.
  ///
  /// Make it once and keep it: what is made anew for each call counts anew.
  ///
  /// - Parameter policy: What it does. Default: good for a call that a person waits for.
  public func standardStack(
    _ policy: StandardStackPolicy = StandardStackPolicy()
  ) -> StandardStackHandler<Self> {
    standardStack(StandardStack(traits.name, policy: policy))
  }
}

extension Handler {
  fileprivate func layers(of stack: StandardStack) -> StandardStackHandler<Self> {
    AdmissionHandler(
      base: timeout(live: stack.timeout)
        .circuitBreaker(stack.circuitBreaker)
        .retry(live: stack.retry, budget: stack.budget),
      stack: stack
    )
    .deadline(live: stack.deadline)
  }
}

extension RetriesInside {
  /// Warns: the stack has a retry and a breaker of its own.
  @available(
    *, deprecated,
    message: """
      a standard stack around a retry has a breaker that sees one result where the destination saw several calls, and \
      retries of its own; leave the inner retry out
      """
  )
  public func standardStack(_ stack: StandardStack) -> StandardStackHandler<Self> { layers(of: stack) }

  /// Warns: a stack of its own has a retry and a breaker too.
  @available(
    *, deprecated,
    message: """
      a standard stack around a retry has a breaker that sees one result where the destination saw several calls, and \
      retries of its own; leave the inner retry out
      """
  )
  public func standardStack(
    _ policy: StandardStackPolicy = StandardStackPolicy()
  ) -> StandardStackHandler<Self> {
    layers(of: StandardStack(traits.name, policy: policy))
  }
}

extension AnswersFailures {
  /// Warns: the stack sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a standard stack around a fallback sees no failure that the fallback answers; apply .standardStack first and \
      .fallback after it
      """
  )
  public func standardStack(_ stack: StandardStack) -> StandardStackHandler<Self> { layers(of: stack) }

  /// Warns: a stack of its own sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a standard stack around a fallback sees no failure that the fallback answers; apply .standardStack first and \
      .fallback after it
      """
  )
  public func standardStack(
    _ policy: StandardStackPolicy = StandardStackPolicy()
  ) -> StandardStackHandler<Self> {
    layers(of: StandardStack(traits.name, policy: policy))
  }
}

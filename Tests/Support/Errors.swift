package import ResilienceCore

/// A failure like any other; the number tells one from another.
package struct Failure: Error, Hashable {
  package var number = 0

  package init(number: Int = 0) {
    self.number = number
  }
}

/// A refusal by a layer of ours.
package struct Refusal: Rejection, Hashable {
  package var retryAt: Instant?
  package var isRetryable = true

  package init(retryAt: Instant? = nil, isRetryable: Bool = true) {
    self.retryAt = retryAt
    self.isRetryable = isRetryable
  }
}

extension Outcome {
  /// What it says of the destination, which is what breakers and outlier ejection count.
  ///
  /// A failure that asks its caller to wait (``Pushback/retryAfter``), and does not say that the destination
  /// is ``Pushback/overloaded-swift.property``, is a limit for one client, as HTTP's 429: whoever says so is
  /// up, and serves the others. It is neutral here, and a failure everywhere else.
  public var verdictOnDestination: Verdict {
    verdict == .failure && pushback.retryAfter != nil && !pushback.overloaded ? .neutral : verdict
  }
}

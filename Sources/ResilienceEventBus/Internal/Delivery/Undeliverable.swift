/// A delivery whose handler did not run, since it could not be given the event.
@usableFromInline
struct Undeliverable: Error, CustomStringConvertible {
  let error: any Error

  @usableFromInline
  @inline(never)
  init(_ error: any Error) {
    self.error = error
  }

  /// Two types that share a name are a mistake of the program; all else is the event's.
  var reason: DeadLetter.Reason { error is PayloadMismatch ? .poison : .undecodable }

  @usableFromInline var description: String { "\(error)" }
}

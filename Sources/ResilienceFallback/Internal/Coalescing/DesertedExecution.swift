/// What an execution threw that was cancelled because the deadline of its last caller had passed.
@usableFromInline
struct DesertedExecution: Error {
  @usableFromInline let error: any Error

  @inlinable
  init(error: any Error) {
    self.error = error
  }
}

/// What two failures have in common when they are taken for the same: the type of the error, and its text
/// as far as the first digit, bracket or quotation mark, for what follows is usually a value of the run.
struct FailureKind: Hashable {
  private let type: ObjectIdentifier
  private let text: String

  init(_ error: any Error) {
    type = ObjectIdentifier(Swift.type(of: error))
    if let error = error as? SimulationError {
      text = error.reasonName
    } else {
      text = String("\(error)".prefix { !$0.isNumber && !"[({\"“".contains($0) })
    }
  }
}

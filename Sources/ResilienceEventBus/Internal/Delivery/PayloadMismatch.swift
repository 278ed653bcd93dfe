/// The payload is not of the type that the subscriber expects: two event types share a name.
struct PayloadMismatch: Error, CustomStringConvertible {
  let type: String
  let expected: String
  let found: String

  var description: String {
    "an event of type \"\(type)\" has a payload of type \(found), the subscriber expects \(expected)"
  }
}

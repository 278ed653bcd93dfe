/// Bytes that are no JSON text as RFC 8259 defines it.
struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
  let problem: String
  let offset: Int

  var description: String { "no JSON: \(problem) at byte \(offset)" }
}

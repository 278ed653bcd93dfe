/// A media type without its parameters, in lower case: `text/plain` of `Text/Plain; charset=utf-8`.
struct MediaType: Hashable {
  let name: String

  init(_ text: String) {
    let name = text.prefix { $0 != ";" }.lowercased()
    self.name = String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  /// `…/json` and `…+json`, as the JSON format of CloudEvents has it.
  var isJSON: Bool { name.hasSuffix("/json") || name.hasSuffix("+json") }

  func isReadable(as other: MediaType) -> Bool { self == other || (isJSON && other.isJSON) }
}

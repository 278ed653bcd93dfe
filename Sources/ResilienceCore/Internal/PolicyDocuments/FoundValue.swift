/// What stands in a document, whatever its type is, as an error shows it.
package struct FoundValue: Decodable {
  package let text: String

  package init(from decoder: any Decoder) {
    text = Self.scalar(decoder) ?? Self.list(decoder) ?? Self.object(decoder) ?? "unreadable"
  }

  private static func scalar(_ decoder: any Decoder) -> String? {
    guard let value = try? decoder.singleValueContainer() else { return nil }
    if value.decodeNil() { return "null" }
    if let flag = try? value.decode(Bool.self) { return "\(flag)" }
    if let number = try? value.decode(Int64.self) { return "\(number)" }
    if let number = try? value.decode(Double.self) { return "\(number)" }
    return (try? value.decode(String.self)).map { "\"\($0)\"" }
  }

  private static func list(_ decoder: any Decoder) -> String? {
    (try? decoder.unkeyedContainer()).map { $0.isAtEnd ? "[]" : "[…]" }
  }

  private static func object(_ decoder: any Decoder) -> String? {
    (try? decoder.container(keyedBy: AnyField.self)).map { $0.allKeys.isEmpty ? "{}" : "{…}" }
  }
}

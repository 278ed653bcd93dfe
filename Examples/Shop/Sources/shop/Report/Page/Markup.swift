/// Elements that are XML and HTML alike.
enum Markup {
  /// Text, and the value of an attribute: nothing in it becomes an element, or a character that XML forbids.
  static func text(_ text: String) -> String {
    var escaped = ""
    for scalar in TerminalText.escaped(text).unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// An element; `content` is markup, the attributes' values are text.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: String
  ) -> String {
    "<\(name)\(list(attributes))>\(content)</\(name)>"
  }

  /// An element without content.
  static func empty(_ name: String, _ attributes: KeyValuePairs<String, String>) -> String {
    "<\(name)\(list(attributes))/>"
  }

  /// A text in a drawing; `kind` is its class, `anchor` which end of it is at the place.
  static func label(_ text: String, _ place: (x: Double, y: Double), _ anchor: String, _ kind: String)
    -> String
  {
    element(
      "text", ["class": kind, "x": number(place.x), "y": number(place.y), "text-anchor": anchor],
      self.text(text))
  }

  /// A place or a length in a drawing.
  static func number(_ value: Double) -> String { Decimal.text(value, 1) }

  private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0.key)=\"\(text($0.value))\"" }.joined()
  }
}

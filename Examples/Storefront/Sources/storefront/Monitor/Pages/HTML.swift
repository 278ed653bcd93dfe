/// Text and elements of a page.
enum HTML {
  /// Text, and the value of an attribute: nothing in it becomes an element, or moves what stands beside it.
  static func text(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      default:
        // Controls, and what turns the direction of what follows, are shown as what they are called.
        let isControl = scalar.value < 0x20 && scalar != "\n" || (0x7F...0x9F).contains(scalar.value)
        let turns = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        if isControl || turns {
          escaped.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
        } else {
          escaped.append(scalar)
        }
      }
    }
    return String(escaped)
  }

  /// An element; `content` is markup, the attributes' values are text.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: String
  ) -> String {
    "<\(name)\(list(attributes))>\(content)</\(name)>"
  }

  /// An element without content.
  static func empty(_ name: String, _ attributes: KeyValuePairs<String, String>) -> String {
    "<\(name)\(list(attributes))>"
  }

  private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
    attributes.map { " \($0.key)=\"\(text($0.value))\"" }.joined()
  }

  /// A link within the pages; what is in the query is escaped for it.
  static func link(_ content: String, to path: String, query: KeyValuePairs<String, String> = [:]) -> String {
    let query = query.map { "\($0.key)=\(percentEncoded($0.value))" }.joined(separator: "&")
    return element("a", ["href": path + (query.isEmpty ? "" : "?\(query)")], content)
  }

  private static func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        return String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }.joined()
  }

  // MARK: - Tables

  struct Cell {
    var markup: String
    var isNumber = false
    var isBad = false

    static func text(_ text: String, isBad: Bool = false) -> Cell {
      Cell(markup: HTML.text(text), isBad: isBad)
    }

    static func number(_ text: String, isBad: Bool = false) -> Cell {
      Cell(markup: HTML.text(text), isNumber: true, isBad: isBad)
    }

    static func markup(_ markup: String) -> Cell { Cell(markup: markup) }
  }

  /// A table that scrolls by itself where it is wider than the page.
  static func table(_ heads: [String], _ rows: [[Cell]]) -> String {
    let numbers = Set((rows.first ?? []).enumerated().filter { $0.element.isNumber }.map(\.offset))
    let head = heads.enumerated().map { index, text in
      element("th", ["scope": "col", "class": numbers.contains(index) ? "number" : ""], HTML.text(text))
    }
    let body = rows.map { row in
      element(
        "tr", [:],
        row.map { cell in
          let kinds = [cell.isNumber ? "number" : "", cell.isBad ? "bad" : ""].filter { !$0.isEmpty }
          return element("td", ["class": kinds.joined(separator: " ")], cell.markup)
        }.joined())
    }
    return element(
      "div", ["class": "scroll"],
      element(
        "table", [:],
        element("thead", [:], element("tr", [:], head.joined()))
          + element("tbody", [:], body.joined(separator: "\n"))))
  }

  static func section(_ title: String, _ content: String) -> String {
    element("section", [:], element("h2", [:], text(title)) + "\n" + content)
  }

  static func note(_ text: String) -> String { element("p", ["class": "quiet"], HTML.text(text)) }
}

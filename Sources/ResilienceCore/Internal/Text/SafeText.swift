/// Text that comes from outside, made safe where a person reads it.
package enum SafeText {
  /// On one line, with characters that would move the cursor, colour the terminal or turn the reading
  /// direction written as `\n`, `\t` or `\u{1B}`; cut to `length` characters.
  package static func escaped(_ text: String, length: Int = .max) -> String {
    var result = ""
    var left = length
    for scalar in text.unicodeScalars {
      guard left > 0 else { return result + "…" }
      left -= 1
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where moves(scalar): result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The same for HTML, between tags and within quoted attributes.
  package static func html(_ text: String, length: Int = .max) -> String {
    var result = ""
    // By scalars: a mark that combines with `<` would make another character of it.
    for scalar in escaped(text, length: length).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func moves(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: false
    }
  }
}

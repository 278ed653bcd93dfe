/// What may come from a file, as a terminal may show it.
enum TerminalText {
  /// Control characters, other than line breaks, become what they are called: a file does not move the
  /// cursor, change colours, or ring the bell.
  static func escaped(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      // These turn the direction of what follows.
      let isBidirectional =
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      if (isControl && scalar != "\n") || isBidirectional {
        escaped.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      } else {
        escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}

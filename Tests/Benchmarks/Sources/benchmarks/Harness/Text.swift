import Glibc

/// A number with so many decimals, those that are 0 left out.
func figure(_ value: Double, decimals: Int = 0) -> String {
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = Int64((value * scale).rounded())
  guard decimals > 0 else { return "\(scaled)" }
  let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
  let digits = String(repeating: "0", count: decimals - "\(abs(rest))".count) + "\(abs(rest))"
  let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
  let sign = scaled < 0 && whole == 0 ? "-" : ""
  return trimmed.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(String(trimmed))"
}

/// A whole number in groups of three digits: `100 000`.
func spaced(_ number: Int) -> String {
  let digits = Array("\(number)")
  return digits.indices.map { index in
    index > 0 && (digits.count - index).isMultiple(of: 3) ? " \(digits[index])" : "\(digits[index])"
  }.joined()
}

extension String {
  /// Flush right.
  func padded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }

  /// Flush left.
  func filled(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// As a JSON string.
  var quoted: String {
    let escaped = unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case "\n": "\\n"
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }
}

/// A file's text; `nil` when it cannot be read.
func readFile(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += buffer[..<count]
  }
}

func writeFile(_ path: String, _ text: String) {
  guard let file = fopen(path, "w") else { fail("cannot write \(path)") }
  defer { fclose(file) }
  fputs(text, file)
}

/// Says something beside the tables.
func warn(_ message: String) {
  let line = message + "\n"
  _ = write(2, line, line.utf8.count)
}

func fail(_ message: String) -> Never {
  print(message)
  exit(2)
}

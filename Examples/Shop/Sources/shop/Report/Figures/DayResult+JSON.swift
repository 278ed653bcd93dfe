import Foundation

extension DayResult {
  /// Writes the figures, keys sorted, so that the same result gives the same bytes.
  func write(to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let data = try encoder.encode(self) + Data("\n".utf8)
    try OutputFile.write(String(decoding: data, as: UTF8.self), to: file)
  }
}

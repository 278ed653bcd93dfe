import Foundation

struct OutputError: Error, CustomStringConvertible {
  var file: String
  var problem: String

  var description: String { "\(file): cannot be written: \(problem)" }
}

extension DayResult {
  /// Writes the figures, keys sorted, so that the same result gives the same bytes.
  func write(to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let data = try encoder.encode(self) + Data("\n".utf8)
    guard file != "-" else {
      print(String(decoding: data, as: UTF8.self), terminator: "")
      return
    }
    do {
      try data.write(to: URL(fileURLWithPath: file))
    } catch {
      throw OutputError(file: file, problem: (error as NSError).localizedDescription)
    }
  }
}

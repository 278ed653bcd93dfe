import Foundation

/// What the command writes to a file; `-` is the standard output.
enum OutputFile {
  static func write(_ text: String, to file: String) throws {
    guard file != "-" else {
      print(text, terminator: "")
      return
    }
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    } catch {
      throw OutputError(file: file, problem: (error as NSError).localizedDescription)
    }
  }
}

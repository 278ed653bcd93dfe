import Foundation

struct OutputError: Error, CustomStringConvertible {
  var file: String
  var problem: String

  var description: String { "\(file): cannot be written: \(problem)" }

  /// Says at the start what would be in vain at the end.
  static func check(_ file: String) throws(OutputError) {
    guard file != "-" else { return }
    let (manager, folder) = (FileManager.default, URL(fileURLWithPath: file).deletingLastPathComponent().path)
    var isDirectory: ObjCBool = false
    if manager.fileExists(atPath: file, isDirectory: &isDirectory) {
      if isDirectory.boolValue { throw OutputError(file: file, problem: "it is a directory") }
      if !manager.isWritableFile(atPath: file) { throw OutputError(file: file, problem: "no permission") }
    } else if !manager.fileExists(atPath: folder, isDirectory: &isDirectory) || !isDirectory.boolValue {
      throw OutputError(file: file, problem: "there is no directory \(folder)")
    } else if !manager.isWritableFile(atPath: folder) {
      throw OutputError(file: file, problem: "no permission in \(folder)")
    }
  }
}

import Foundation

/// The wall clock of one process, which can be set: a library that is loaded before all others adds to the
/// system's time what a file says.
struct ProcessClock: Sendable {
  /// Names the file to the library.
  static let variable = "STOREFRONT_CLOCK"

  let path: String

  init(of name: String, in directory: String) { path = "\(directory)/clocks/\(name)" }

  /// Sets the clock to the system's, and the seconds ahead of it; below zero behind it.
  ///
  /// In place: the library has the file in memory.
  func set(_ seconds: Int) throws {
    if !FileManager.default.fileExists(atPath: path) {
      let folder = URL(filePath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(count: MemoryLayout<Int64>.size).write(to: URL(filePath: path))
    }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? file.close() }
    try file.write(contentsOf: withUnsafeBytes(of: Int64(seconds)) { Data($0) })
  }

  var environment: [String: String] { ["LD_PRELOAD": FaultEquipment.clockLibrary, Self.variable: path] }
}

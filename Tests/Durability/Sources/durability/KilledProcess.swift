import Foundation

/// This program once more, with other arguments, killed at a moment of chance.
enum KilledProcess {
  /// - Parameter milliseconds: How long it lives after it has said `ready`.
  /// - Returns: The lines that it has said until then, without that one.
  static func run(_ arguments: [String], milliseconds: Int) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0]).absoluteURL
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var bytes = Data()
    while !bytes.contains(0x0A) {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { break }
      bytes += part
    }
    let killer = Thread {
      Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
      kill(process.processIdentifier, SIGKILL)
    }
    killer.start()
    bytes += output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL else {
      throw Problem("the process ended by itself, with status \(process.terminationStatus)")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.first == "ready" else { throw Problem("the process has not said that it is ready") }
    return lines.dropFirst().map(String.init)
  }
}

struct Problem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

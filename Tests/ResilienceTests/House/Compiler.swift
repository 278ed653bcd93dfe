import Foundation

/// The compiler, for files that are compiled against the modules of this build.
enum Compiler {
  struct Diagnosis {
    /// The number of the line, from 1.
    var line: Int
    /// `warning` or `error`.
    var severity: String
    var text: String
  }

  struct Failed: Error, CustomStringConvertible {
    var description: String
  }

  static let isInstalled = (try? run(["swiftc", "--version"]).status) == 0

  /// Type-checks `source`, which belongs to no package.
  static func diagnoses(of source: String, _ options: [String] = []) throws -> [Diagnosis] {
    let file = FileManager.default.temporaryDirectory.appending(path: "checked-\(UUID().uuidString).swift")
    try source.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try diagnoses(ofFiles: [file], options)
  }

  /// Type-checks files together.
  static func diagnoses(ofFiles files: [URL], _ options: [String] = []) throws -> [Diagnosis] {
    let modules = try modules()
    // As the package manager passes it: the test kit has a module in C.
    let map = modules.deletingLastPathComponent().appending(
      path: "CResilienceSimulation.build/module.modulemap")
    let (status, output) = try run(
      ["swiftc", "-typecheck", "-swift-version", "6", "-diagnostic-style", "llvm", "-I", modules.path]
        + ["-Xcc", "-fmodule-map-file=\(map.path)"] + options + files.map(\.path))
    let diagnoses = output.split(separator: "\n").compactMap { line -> Diagnosis? in
      // FILE:LINE:COLUMN: warning: TEXT
      guard let match = line.firstMatch(of: #/:([0-9]+):[0-9]+: (warning|error): (.*)/#) else { return nil }
      return Diagnosis(
        line: Int(match.output.1) ?? 0, severity: String(match.output.2), text: String(match.output.3))
    }
    guard status == 0 || !diagnoses.isEmpty else { throw Failed(description: output) }
    return diagnoses
  }

  /// Where the modules of the build are that this test belongs to: `Modules`, beside the test bundle.
  private static func modules() throws -> URL {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    var folder = URL(filePath: bundle)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let modules = folder.appending(path: "Modules")
      if FileManager.default.fileExists(atPath: modules.appending(path: "ResilienceCore.swiftmodule").path) {
        return modules
      }
    }
    throw Failed(description: "there is no folder of modules above \(bundle)")
  }

  private static func run(_ command: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

import Foundation
import Testing

/// What the compiler says about code that uses the package: compiles a file against the modules of this build.
@Suite struct CompilerWarningTests {
  @Test(.enabled(if: Compiler.isInstalled, "no swiftc was found in PATH"))
  func row27_aBreakerDirectlyAroundARetryOrAHedgeIsWarnedOfWithTheReason() throws {
    let warnings = try Compiler.warnings(
      of: """
        import ResilienceCircuitBreaker
        import ResilienceRetry
        let breaker = CircuitBreaker("stock")
        let call = ServiceCall { (number: Int) in number }
        let right = call.circuitBreaker(breaker).retry().hedge()
        let retried = call.retry().circuitBreaker(breaker)
        let hedged = call.hedge().circuitBreaker(breaker)
        let hidden = call.retry().eraseToAnyHandler().circuitBreaker(breaker)
        """)
    // It cannot see through an erased type: the documentation says so.
    #expect(warnings.map(\.line) == [6, 7])
    for warning in warnings {
      #expect(
        warning.text.contains("a breaker around a retry sees one result where the destination saw several"))
      #expect(warning.text.contains("apply .circuitBreaker first and .retry (or .hedge) after it"))
    }
  }
}

private enum Compiler {
  struct Warning {
    var line: Int
    var text: String
  }

  struct Failed: Error, CustomStringConvertible {
    var description: String
  }

  static let isInstalled = (try? run(["swiftc", "--version"]).status) == 0

  /// Type-checks `source`.
  static func warnings(of source: String) throws -> [Warning] {
    let file = FileManager.default.temporaryDirectory.appending(path: "misuse-\(UUID().uuidString).swift")
    try source.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let (status, output) = try run([
      "swiftc", "-typecheck", "-swift-version", "6", "-diagnostic-style", "llvm", "-I", try modules().path,
      file.path,
    ])
    guard status == 0 else { throw Failed(description: output) }
    return output.split(separator: "\n").compactMap { line in
      guard let range = line.range(of: ": warning: ") else { return nil }
      // FILE:LINE:COLUMN: warning: TEXT
      let place = line[..<range.lowerBound].split(separator: ":")
      return Warning(line: Int(place[place.count - 2]) ?? 0, text: String(line[range.upperBound...]))
    }
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

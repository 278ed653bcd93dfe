import Foundation
import Testing

/// The program, which is beside the tests.
func testedProgram() throws -> String {
  let tests = Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0]).absoluteURL]
  let candidates = tests.map { $0.deletingLastPathComponent().appending(path: "storefront").path }
  return try #require(candidates.first { FileManager.default.isExecutableFile(atPath: $0) })
}

/// Runs `body` with the path of a folder that goes afterwards.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  let folder = NSTemporaryDirectory() + "storefront-tests-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try await body(folder)
}

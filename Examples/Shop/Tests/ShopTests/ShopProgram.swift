import Foundation
import Testing

/// The program under test, which is beside the tests.
enum ShopProgram {
  static func url() throws -> URL {
    let tests = Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0]).absoluteURL]
    let candidates = tests.map { $0.deletingLastPathComponent().appending(path: "shop") }
    return try #require(candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) })
  }
}

import Foundation

/// What `swift package describe --type json` says, as far as the rules of the house look at it.
struct PackageModel: Decodable {
  struct Dependency: Decodable { var identity: String }

  struct Product: Decodable {
    var name: String
    var targets: [String]
  }

  struct Target: Decodable {
    var name: String
    var type: String
    var path: String
    var targetDependencies: [String]?
    var productDependencies: [String]?

    enum CodingKeys: String, CodingKey {
      case name, type, path
      case targetDependencies = "target_dependencies"
      case productDependencies = "product_dependencies"
    }
  }

  var dependencies: [Dependency]
  var products: [Product]
  var targets: [Target]

  /// Asks the package manager. With a scratch path of its own: the one in use is locked while the tests run.
  static func describe(_ root: URL) throws -> PackageModel {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "house-rules-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path, "describe", "--type",
      "json",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try JSONDecoder().decode(PackageModel.self, from: data)
  }
}

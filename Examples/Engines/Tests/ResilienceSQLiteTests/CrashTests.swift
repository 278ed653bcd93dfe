import Foundation
import Testing

/// Orders and events in one database, in a process that is killed; the long form is `outbox-crash FOLDER 200`.
@Suite(.timeLimit(.minutes(3))) struct CrashTests {
  private static let executable =
    (Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0])])
    .map { $0.deletingLastPathComponent().appending(path: "outbox-crash") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  @Test func ordersAndEventsAgreeAfterKills() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    let executable = try #require(Self.executable)
    process.executableURL = executable
    process.arguments = [folder.path, "8"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    defer { process.terminate() }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("one of each, in order"), "\(text)")
    print(text)
  }
}

import Foundation
import Testing

/// Orders and events in one database, in a process that is killed; the long form is `outbox-crash FOLDER 200`.
@Suite(.timeLimit(.minutes(3))) struct CrashTests {
  private static let executable =
    (Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0])])
    .map { $0.deletingLastPathComponent().appending(path: "outbox-crash") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  private func run(kills: Int) throws -> (status: Int32, text: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    process.executableURL = try #require(Self.executable)
    process.arguments = [folder.path, "\(kills)"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    // What it says is awaited no longer than that.
    let identifier = process.processIdentifier
    let kill = DispatchWorkItem { _ = Foundation.kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: kill)
    defer { kill.cancel() }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test func ordersAndEventsAgreeAfterKills() throws {
    let (status, text) = try run(kills: 8)
    #expect(status == 0, "\(text)")
    #expect(text.contains("one of each, in order"), "\(text)")
    print(text)
  }

  @Test func aShopThatHasSoldNothingShowsNothing() throws {
    let (status, text) = try run(kills: 0)
    #expect(status == 1, "\(text)")
    #expect(text.contains("0 orders were acknowledged in 0 lives"), "\(text)")
  }
}

import Foundation
import Testing

/// Orders and events in one database, in a process that is killed; the long form is `outbox-crash FOLDER 200`.
@Suite(.timeLimit(.minutes(3))) struct CrashTests {
  private static let executable =
    (Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0])])
    .map { $0.deletingLastPathComponent().appending(path: "outbox-crash") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  /// Blocks no thread: the tests of a small machine have two of them together. And what it says goes into a file, since
  /// a pipe stays open as long as any process lives that was started meanwhile.
  private func run(kills: Int) async throws -> (status: Int32, text: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let said = folder.appending(path: "said.txt")
    try Data().write(to: said)
    let output = try FileHandle(forWritingTo: said)
    let process = Process()
    process.executableURL = try #require(Self.executable)
    process.arguments = [folder.appending(path: "shop").path, "\(kills)"]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let end = ContinuousClock.now + .seconds(120)
    while process.isRunning {
      if Task.isCancelled || ContinuousClock.now > end { Foundation.kill(process.processIdentifier, SIGKILL) }
      // A process of the system's: only the real clock tells when it has ended.
      try? await Task.sleep(for: .milliseconds(50))
    }
    return (process.terminationStatus, String(decoding: try Data(contentsOf: said), as: UTF8.self))
  }

  @Test func ordersAndEventsAgreeAfterKills() async throws {
    let (status, text) = try await run(kills: 8)
    #expect(status == 0, "\(text)")
    #expect(text.contains("one of each, in order"), "\(text)")
    print(text)
  }

  @Test func aShopThatHasSoldNothingShowsNothing() async throws {
    let (status, text) = try await run(kills: 0)
    #expect(status == 1, "\(text)")
    #expect(text.contains("0 orders were acknowledged in 0 lives"), "\(text)")
  }
}

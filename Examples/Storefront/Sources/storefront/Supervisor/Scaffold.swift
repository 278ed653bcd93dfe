import Foundation

/// What is set up in the system before the processes start, and taken down whatever happens: also when this
/// process is killed.
final class Scaffold: Sendable {
  private let setUp: [String]
  private let takeDown: [String]

  init(setUp: [String], takeDown: [String]) {
    self.setUp = setUp
    self.takeDown = takeDown
  }

  /// Sets up what the first argument says, tells of it, and takes down what the second one says when its
  /// input ends, which is below, or with this process, of which it may hear at any time.
  private static let script = """
    \(Shell.pathOfRoot)
    export PATH
    trap '' INT TERM PIPE
    sh -ec "$1" 2>&1 && echo \(up)
    exec >/dev/null 2>&1
    cat
    eval "$2"
    """
  private static let up = "all is set up"

  /// Runs `body` in between.
  ///
  /// - Throws: `Shell.Failure` when it cannot be set up; what `body` throws.
  func around<Value>(_ body: () async throws -> Value) async throws -> Value {
    guard !setUp.isEmpty else { return try await body() }
    let (process, input, output) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(filePath: "/bin/sh")
    let script = setUp.joined(separator: "\n")
    process.arguments = ["-c", Self.script, "sh", script, takeDown.joined(separator: "\n")]
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    // Nobody else holds it open.
    _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    try process.run()
    let said = await Self.whole(of: output)
    let result: Result<Value, any Error>
    if said.hasSuffix("\(Self.up)\n") {
      do { result = .success(try await body()) } catch { result = .failure(error) }
    } else {
      result = .failure(Shell.Failure(script: script, text: said))
    }
    try? input.fileHandleForWriting.close()
    while process.isRunning { await Self.pause() }
    return try result.get()
  }

  private static func whole(of pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let data = try? pipe.fileHandleForReading.readToEnd()
        continuation.resume(returning: String(decoding: data ?? Data(), as: UTF8.self))
      }
    }
  }

  /// Not shorter for a task that is cancelled.
  private static func pause() async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { continuation.resume() }
    }
  }
}

import Foundation

/// What is set up in the system before the processes start, and taken down whatever happens: also when this process
/// is killed.
final class Scaffold: Sendable {
  private let setUp: [String]
  private let takeDown: [String]

  init(setUp: [String], takeDown: [String]) {
    self.setUp = setUp
    self.takeDown = takeDown
  }

  /// Runs `body` in between.
  func around<Value>(_ body: () async throws -> Value) async throws -> Value {
    guard !setUp.isEmpty else { return try await body() }
    // It waits for the end of its input, which ends with this process, or below.
    let (watcher, pipe) = (Process(), Pipe())
    watcher.executableURL = URL(filePath: "/bin/sh")
    // What a terminal sends on Ctrl-C is not for it.
    watcher.arguments = ["-c", "trap '' INT TERM; cat\n" + takeDown.map { "\($0) || :" }.joined(separator: "\n")]
    watcher.standardInput = pipe
    watcher.standardOutput = FileHandle.nullDevice
    watcher.standardError = FileHandle.nullDevice
    // Nobody else holds it open.
    _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    try watcher.run()
    let result: Result<Value, any Error>
    do {
      try await Shell.run(setUp.joined(separator: "\n"))
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    try? pipe.fileHandleForWriting.close()
    while watcher.isRunning { await Self.pause() }
    return try result.get()
  }

  /// Not shorter for a task that is cancelled.
  private static func pause() async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { continuation.resume() }
    }
  }
}

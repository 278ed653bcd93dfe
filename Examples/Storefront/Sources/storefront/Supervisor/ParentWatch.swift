import Foundation
import ServiceLifecycle

/// Ends the process when its parent has: a supervisor that was killed leaves nothing running.
struct ParentWatch: Service {
  let parent: pid_t

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while getppid() == parent { try await Task.sleep(for: .milliseconds(500)) }
      kill(getpid(), SIGTERM)
      try await gracefulShutdown()
    }
  }
}

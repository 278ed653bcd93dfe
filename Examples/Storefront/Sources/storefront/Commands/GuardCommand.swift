import ArgumentParser
import Foundation

/// A program of somebody else that ends when the supervisor has, however that ends.
///
/// It becomes that program, so that signals hit it, and leaves a child behind that watches both.
struct GuardCommand: ParsableCommand {
  struct NotStarted: Error, CustomStringConvertible {
    var program: String
    var code: Int32
    var description: String { "\(program) was not started: \(String(cString: strerror(code)))" }
  }

  static let configuration = CommandConfiguration(
    commandName: "guard", abstract: "Run a program until a process has ended.", shouldDisplay: false)

  @Option(help: "End when this process has.")
  var parent: Int32

  @Option(help: "Watch this process, and run nothing.")
  var target: Int32?

  @Argument(parsing: .postTerminator, help: "The program, by its path, and its arguments.")
  var command: [String] = []

  func validate() throws {
    guard target != nil || !command.isEmpty else { throw ValidationError("there is no program to run") }
  }

  func run() throws {
    if let target { return watch(target) }
    let watcher = Process()
    watcher.executableURL = URL(filePath: Program.path)
    watcher.arguments = ["guard", "--parent", "\(parent)", "--target", "\(getpid())"]
    try watcher.run()
    // The mask goes on to the program, and this thread blocks signals that are for others here.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    var arguments = command.map { strdup($0) }
    arguments.append(nil)
    execv(command[0], &arguments)
    throw NotStarted(program: command[0], code: errno)
  }

  /// Until the target, whose child this is, or the parent has ended; then the target ends, too.
  private func watch(_ target: pid_t) {
    while getppid() == target {
      if kill(parent, 0) == -1, errno == ESRCH {
        kill(target, SIGCONT)
        kill(target, SIGTERM)
        sleep(5)
        if getppid() == target { kill(target, SIGKILL) }
        return
      }
      usleep(500_000)
    }
  }
}

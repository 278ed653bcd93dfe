internal import ResilienceCore

/// Which host has started which task, of those that name no executor: code that knows nothing of hosts.
///
/// The driving thread's.
final class HostTasks: Sendable {
  private nonisolated(unsafe) var lives: [UInt64: HostLife?] = [:]
  /// The runtime numbers tasks as they are made: those below were there before the first host.
  private nonisolated(unsafe) var first: UInt64?

  /// A job of a host's own.
  func noteHost(_ job: UnownedJob) {
    if first == nil { first = Lineage.number(of: job) }
  }

  /// Whose task the job is of; a new one belongs to whoever runs.
  func life(of job: UnownedJob, startedBy current: HostLife?) -> HostLife? {
    // Without a host nothing is looked up.
    guard let first else { return nil }
    let number = Lineage.number(of: job)
    // An actor's job, or that of a yield, is part of the task that left it.
    if number == 0 { return current }
    if number < first { return nil }
    if let life = lives[number] { return life }
    lives[number] = current
    return current
  }
}

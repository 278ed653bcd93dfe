import Foundation
import ResilienceEventBus

/// Appends from eight tasks until it is killed, and says each record once it is acknowledged.
func appendForever(to path: String) async throws {
  let journal = try await Journal.open(LocalDirectory(path: path), policy: .durability)
  var last = [Int](repeating: -1, count: 8)
  try await journal.forEach(from: 0) { entry in
    if let numbered = entry.numbered { last[numbered.publisher] = numbered.number }
  }
  say("ready")
  try await withThrowingTaskGroup { tasks in
    for (publisher, last) in last.enumerated() {
      tasks.addTask {
        for number in (last + 1)... {
          let text = Numbered(publisher: publisher, number: number).text
          let offset = try await journal.append(JournalRecord(Array(text.utf8)))
          say("\(text) \(offset)")
        }
      }
    }
    try await tasks.waitForAll()
  }
}

/// One system call, so that a line is whole or not there.
func say(_ text: String) {
  let line = Array("\(text)\n".utf8)
  _ = write(1, line, line.count)
}

import ResilienceEventBus

/// Appends to a small file system until it is full, makes room, and goes on.
func fill(_ path: String) async throws {
  let directory = try await LocalDirectory(path: path)
  let journal = try await Journal.open(directory, policy: .durability)
  var numbers = 0
  let failure: JournalWriteFailed
  repeat {
    do {
      try await journal.append(record(numbers))
      numbers += 1
    } catch let error as JournalWriteFailed {
      failure = error
      break
    }
  } while true
  guard failure.isDiskFull else { throw Problem("not full: \(failure)") }
  try await check(journal, numbers)
  print("\(numbers) records, then: \(failure)")

  try await journal.discard(before: Int64(numbers / 2))
  try await journal.append(record(numbers))
  try await journal.close()
  let again = try await Journal.open(directory, policy: .durability)
  try await check(again, numbers + 1)
  try await again.close()
  print("room was made, and the journal goes on")
}

private func record(_ number: Int) -> JournalRecord {
  let text = Numbered(publisher: 0, number: number).text
  return JournalRecord(Array(text.utf8) + [UInt8](repeating: 0x20, count: 1000))
}

private func check(_ journal: Journal, _ count: Int) async throws {
  var next = Int(journal.firstOffset)
  try await journal.forEach(from: 0) { entry in
    if entry.numbered?.number == next { next += 1 }
  }
  guard next == count else { throw Problem("\(next) of \(count) records are there") }
}

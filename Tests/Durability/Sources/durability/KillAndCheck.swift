import ResilienceEventBus

/// Kills the appender so many times, and looks for every record that it has acknowledged.
func killAndCheck(in path: String, kills: Int, seed: UInt64) async throws {
  print("\(kills) kills, seed \(seed)")
  let random = SeededRandomSource(seed: seed)
  var check = Check()
  var cut = 0
  for _ in 0..<kills {
    let lines = try KilledProcess.run(["append", path], milliseconds: random.next(below: 150))
    try check.add(lines)
    let journal = try await Journal.open(LocalDirectory(path: path), policy: .durability)
    cut += journal.snapshot().cutBytes > 0 ? 1 : 0
    try await check.compare(with: journal, from: check.end)
    // As a process that ends without closing.
    _ = consume journal
  }
  let journal = try await Journal.open(LocalDirectory(path: path), policy: .durability)
  try await check.compare(with: journal, from: 0)
  let snapshot = journal.snapshot()
  try await journal.close()
  print(
    """
    \(check.acknowledged.count) acknowledged records, all there, once, and in order; \(snapshot.endOffset) in \
    \(snapshot.segments) files; a torn end was cut \(cut) times
    """)
}

private struct Check {
  /// By offset.
  private(set) var acknowledged: [Int64: Numbered] = [:]
  /// Where the next comparison begins.
  private(set) var end: Int64 = 0
  private var last: [Int: Int] = [:]

  mutating func add(_ lines: [String]) throws {
    for line in lines {
      guard let numbered = Numbered(line), let offset = line.split(separator: " ").last.flatMap({ Int64($0) })
      else { throw Problem("the process has said \(line)") }
      if let other = acknowledged.updateValue(numbered, forKey: offset) {
        throw Problem("offset \(offset) was given to \(other.text) and to \(numbered.text)")
      }
    }
  }

  mutating func compare(with journal: Journal, from start: Int64) async throws {
    if start == 0 { last = [:] }
    var (found, problems): ([Int64: Numbered], [String]) = ([:], [])
    try await journal.forEach(from: start) { entry in
      guard let numbered = entry.numbered else {
        problems.append("the record at \(entry.offset) was never appended")
        return
      }
      if numbered.number != last[numbered.publisher, default: -1] + 1 {
        problems.append(
          "\(numbered.text) at \(entry.offset) follows \(last[numbered.publisher, default: -1])")
      }
      last[numbered.publisher] = numbered.number
      found[entry.offset] = numbered
    }
    for (offset, numbered) in acknowledged where offset >= start && found[offset] != numbered {
      problems.append("\(numbered.text) was acknowledged at \(offset) and is not there")
    }
    if let problem = problems.first { throw Problem("\(problems.count) problems: \(problem)") }
    end = journal.endOffset
  }
}

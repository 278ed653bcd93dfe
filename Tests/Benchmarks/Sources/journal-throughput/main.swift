import Resilience

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

// `journal-throughput DIRECTORY [MEBIBYTES]`: records a second of 100 bytes from 1, 32 and 256 concurrent
// publishers, beside bare writes of as many bytes with fdatasync on the same disk; then how long a journal of
// so many MiB (1024) takes to open.

let parent = CommandLine.arguments.dropFirst().first ?? "/tmp"
let mebibytes = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1024
let root = "\(parent)/journal-throughput-\(getpid())"
guard mkdir(root, 0o755) == 0 else { fatalError("\(root) cannot be made: \(errno)") }
defer { _ = system("rm -rf '\(root)'") }

let payload = [UInt8](repeating: 0x61, count: 100)
let clock = ContinuousClock()

func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

func rounded(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }

/// Writes of `count` records and a sync, one after the other, to room that is set aside: records a second.
func bare(_ count: Int, for limit: Duration) throws -> Double {
  let path = "\(root)/bare-\(count)"
  let file = open(path, O_RDWR | O_CREAT, 0o644)
  guard file >= 0 else { fatalError("\(path) cannot be opened: \(errno)") }
  defer { close(file) }
  let bytes = [UInt8](repeating: 0x61, count: 64 + count * 120)
  #if canImport(Darwin)
    ftruncate(file, 64 << 20)
  #else
    posix_fallocate(file, 0, 64 << 20)
  #endif
  let begin = clock.now
  var rounds = 0
  while clock.now - begin < limit {
    pwrite(file, bytes, bytes.count, off_t(rounds * bytes.count % (60 << 20)))
    #if canImport(Darwin)
      _ = fcntl(file, F_FULLFSYNC)
    #else
      fdatasync(file)
    #endif
    rounds += 1
  }
  return Double(rounds * count) / seconds(clock.now - begin)
}

func publish(_ publishers: Int, _ durability: JournalDurability, for limit: Duration) async throws -> (
  rate: Double, sharing: Double
) {
  let directory = try await LocalDirectory(path: "\(root)/\(durability)-\(publishers)")
  let journal = try await Journal.open(directory, policy: JournalPolicy(durability: durability))
  let begin = clock.now
  try await withThrowingTaskGroup { tasks in
    for _ in 0..<publishers {
      tasks.addTask {
        while clock.now - begin < limit { try await journal.append(JournalRecord(payload)) }
      }
    }
    try await tasks.waitForAll()
  }
  let time = seconds(clock.now - begin)
  let snapshot = journal.snapshot()
  try await journal.close()
  return (Double(snapshot.appended) / time, Double(snapshot.appended) / Double(max(1, snapshot.commits)))
}

for publishers in [1, 32, 256] {
  let floor = try bare(publishers, for: .seconds(3))
  let synced = try await publish(publishers, .synced, for: .seconds(3))
  let written = try await publish(publishers, .written, for: .seconds(3))
  print(
    """
    \(publishers) publishers: \(Int(synced.rate)) records/s synced (\(rounded(synced.sharing, 10)) a sync), \
    \(Int(written.rate)) written; bare write and sync of \(publishers) records: \(Int(floor))
    """)
}

let path = "\(root)/large"
let large = try await Journal.open(LocalDirectory(path: path), policy: JournalPolicy(durability: .written))
let batch = [JournalRecord](repeating: JournalRecord(payload), count: 1000)
while large.snapshot().bytes < mebibytes << 20 { try await large.append(batch) }
try await large.close()
let begin = clock.now
let opened = try await Journal.open(LocalDirectory(path: path))
let openedAt = clock.now
_ = try await opened.records(from: opened.endOffset / 2, limit: 1)
let readAt = clock.now
print(
  """
  \(opened.endOffset) records in \(opened.snapshot().bytes >> 20) MiB: opened in \
  \(rounded(seconds(openedAt - begin), 1000)) s, the first record in the middle read \
  \(rounded(seconds(readAt - openedAt), 1000)) s later
  """)
try await opened.close()

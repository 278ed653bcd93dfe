import Foundation
import ResilienceEventBus

/// How much memory a broker needs while so many events wait on the disk, and how long it takes to be opened
/// again.
func pend(in path: String, events: Int) async throws {
  let policy = JournalPolicy(durability: .written)
  var broker = try await JournalBroker.open(LocalDirectory(path: path), journalPolicy: policy)
  _ = try await broker.join(BrokerGroup("waiting")).leave()
  let before = try residentKilobytes()
  let payload = [UInt8](repeating: 0x78, count: 100)
  for start in stride(from: 0, to: events, by: 1000) {
    try await broker.publish(
      (start..<min(start + 1000, events)).map { number in
        try EncodedEvent(
          id: "\(number)", source: "durability", type: "pending", subject: "customer \(number % 1000)",
          contentType: "application/octet-stream", data: payload)
      })
  }
  let lag = broker.snapshot().groups.first?.lag ?? 0
  print("\(lag) events pending: \(try residentKilobytes() - before) KiB more than with none")
  try await broker.close()

  let begin = SystemClock().now
  broker = try await JournalBroker.open(LocalDirectory(path: path), journalPolicy: policy)
  print("opened again in \(begin.duration(to: SystemClock().now))")
  let consumer = try await broker.join(BrokerGroup("waiting"))
  let first = try await consumer.receive(limit: 100)
  print("the first of \(first.count) events has id \(first.first?.event.id ?? "none")")
  print("\(try residentKilobytes() - before) KiB more with a consumer")
  try await broker.close()
}

/// Of this process, as Linux says it.
private func residentKilobytes() throws -> Int {
  let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
  return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
}

import Foundation
import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct SpanFileExporterTests {
  private let path = FileManager.default.temporaryDirectory.appending(
    path: "spans-\(UUID().uuidString).jsonl"
  ).path

  @Test func eachBatchIsALine() async throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let exporter = SpanFileExporter(path: path)
    let batch = try OTLPTests.batch()
    try await exporter.export(batch)
    // Moved away in between, as by a log rotation, it is made anew.
    try await exporter.export(batch)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { Array($0.utf8) == OTLPEncoder().encode(batch) })
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func aFolderThatIsNotThereIsAnError() async throws {
    let exporter = SpanFileExporter(path: "/no such folder/spans.jsonl")
    let batch = try OTLPTests.batch()
    let error = await #expect(throws: SpanFileError.self) { try await exporter.export(batch) }
    #expect(error?.operation == "open")
    #expect(error?.code == ENOENT)
    #expect(error?.description == "cannot open /no such folder/spans.jsonl: error 2")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full here"))
  func aFullDiskLeavesCallersAloneAndIsCounted() async throws {
    let reporter = SpanReporter(
      to: SpanFileExporter(path: "/dev/full"), policy: ReportPolicy(maxQueued: 100, maxBatch: 10))
    let tracer = CallTracer("shop", store: TraceStore(capacity: 0), reporter: reporter)
    for number in 0..<500 {
      let result = await tracer.span("call") { number }
      #expect(result == number)
    }
    #expect(reporter.snapshot().queued == 100)
    #expect(reporter.snapshot().droppedSpans == 400)
    reporter.finish()
    try await reporter.run()
    let snapshot = reporter.snapshot()
    #expect(snapshot.queued == 0)
    #expect(snapshot.failedSpans == 100)
    #expect(snapshot.lastError == "cannot write /dev/full: error 28")
  }
}

import AsyncHTTPClient
import Foundation
import Logging
import Testing

@testable import storefront

/// The shop as it is run: separate processes.
@Suite(.serialized) struct ProcessTests {
  @Test func aDayGoesOnWhileProcessesAreKilled() async throws {
    try await playDay(killing: ["orders", "payments", "hub"], engines: [])
  }

  @Test(.enabled(if: Engine.allCases.allSatisfy { $0.executable != nil }, "needs etcd and redis-server"))
  func theSameDayGoesOnEngines() async throws {
    try await playDay(killing: ["etcd", "inventory", "redis"], engines: Engine.allCases)
  }

  private func playDay(killing names: [String], engines: [Engine]) async throws {
    try await withSupervisor(engines: engines) { supervisor in
      let file = try Self.day(visits: 40)
      let report = try await EngineChoice.using(supervisor.engines) { engines in
        try await SupervisedDay(
          supervisor: supervisor, engines: engines, file: file, duration: .seconds(8),
          faults: names.map { .kill($0) }
        ).run()
      }
      #expect(report.findings.flatMap(\.breaches) == [])
      #expect(report.failedVisits == [])
      #expect(report.placed == 40)
      for name in names { #expect(supervisor.starts(of: name) > 1, "\(name)") }
      for fault in report.faults { #expect(fault.isRepaired, "\(fault)") }
    }
  }

  @Test func nothingIsLeftRunning() async throws {
    try await withSupervisor { supervisor in
      let processes = try await supervisor.run { supervisor.processes }
      #expect(processes.count == supervisor.children.count)
      for (name, process) in processes { #expect(kill(process, 0) == -1, "\(name) still runs") }
      for child in supervisor.children {
        #expect(FreePort.isFree(child.port), "\(child.name) still listens on \(child.port)")
      }
    }
  }

  @Test func aServiceThatIsToldToEndLeavesTheRegistryFirst() async throws {
    try await withSupervisor { supervisor in
      try await supervisor.run {
        supervisor.signal("carts", SIGTERM)
        try await eventually("it was started again") { supervisor.starts(of: "carts") == 2 }
        let log = try String(contentsOfFile: "\(supervisor.directory)/logs/carts.log", encoding: .utf8)
        for line in log.split(separator: "\n") {
          #expect(throws: Never.self, "\(line)") { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
      }
    }
  }

  private func withSupervisor(
    engines: [Engine] = [], _ body: (Supervisor) async throws -> Void
  ) async throws {
    let folder = NSTemporaryDirectory() + "storefront-tests-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let plan = try SupervisorPlan(directory: folder, engines: engines, program: Self.program())
    let supervisor = try Supervisor(
      plan, staffKey: "a key of the tests",
      logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
    try await body(supervisor)
  }

  /// Small orders of few products: some are short, and some parcels are lost.
  private static func day(visits: Int) throws -> DayFile {
    var text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    for visit in 0..<visits {
      for item in 0..<3 {
        let sku = 20_000 + (visit * 7 + item) % 120
        text +=
          "\(536_000 + visit),\(sku),PIECE,\(1 + visit % 5),2010-12-01 08:\(10 + visit):00,1.25,"
          + "\(12_000 + visit % 9).0,United Kingdom\n"
      }
    }
    return try DayFile(text: text)
  }

  /// The program, which is beside the tests.
  private static func program() throws -> String {
    let tests = Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0]).absoluteURL]
    let candidates = tests.map { $0.deletingLastPathComponent().appending(path: "storefront").path }
    return try #require(candidates.first { FileManager.default.isExecutableFile(atPath: $0) })
  }
}

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Resilience
import Subprocess
import SystemPackage
import Testing

@testable import storefront

/// Whoever runs the shop may be killed.
@Suite(.serialized) struct SupervisorEndTests {
  @Test(arguments: [SIGTERM, SIGKILL]) func aSupervisorThatEndsLeavesNothingRunning(signal: Int32)
    async throws
  {
    try await endSupervisor(by: signal, engines: [])
  }

  private static let engines: [Engine] = [.etcd, .redis]

  @Test(
    .enabled(if: engines.allSatisfy { $0.executable != nil }, "needs etcd and redis-server"),
    arguments: [SIGTERM, SIGKILL])
  func aSupervisorThatEndsLeavesNoEngineRunning(signal: Int32) async throws {
    try await endSupervisor(by: signal, engines: Self.engines)
  }

  private func endSupervisor(by signal: Int32, engines: [Engine]) async throws {
    try await ShopInProcess.places.run {
      try await withFolder { folder in
        let port = try FreePort.pick()
        let arguments = Arguments(
          ["up", "--directory", folder, "--port", "\(port)"]
            + (engines.isEmpty ? [] : ["--engines", engines.map(\.rawValue).joined(separator: ",")]))
        _ = try await run(
          .path(FilePath(testedProgram())), arguments: arguments, input: .none, output: .discarded,
          error: .discarded
        ) { execution in
          try await eventually("the shop is open") {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/health/ready")
            return try await HTTPClient.shared.execute(request, timeout: .seconds(1)).status == .ok
          }
          let count = 1 + StorefrontServices.all.count + max(1, engines.count)
          #expect(Self.processes(of: folder).count == count)
          try execution.send(signal: Signal(rawValue: signal))
        }
        try await eventually("all have ended") { Self.processes(of: folder).isEmpty }
      }
    }
  }

  /// The processes that were started with this folder, or work in it: Redis does, and hides its arguments.
  private static func processes(of folder: String) -> [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.filter { process in
      guard Int(process) != nil, let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
      else { return false }
      let directory = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
      return String(decoding: line, as: UTF8.self).contains(folder) || directory?.contains(folder) ?? false
    }
  }
}

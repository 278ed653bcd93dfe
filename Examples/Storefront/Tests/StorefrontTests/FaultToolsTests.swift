import Foundation
import Resilience
import Subprocess
import SystemPackage
import Testing

@testable import storefront

/// What the faults of a day are made with.
@Suite(.serialized) struct FaultToolsTests {
  @Test func aScaffoldIsTakenDownWhateverHappens() async throws {
    struct Broken: Error {}
    try await withFolder { folder in
      let path = "\(folder)/scaffold"
      func isThere() -> Bool { FileManager.default.fileExists(atPath: path) }
      let scaffold = Scaffold(setUp: ["mkdir '\(path)'"], takeDown: ["rm -r '\(path)'"])
      try await scaffold.around { #expect(isThere()) }
      #expect(!isThere())
      await #expect(throws: Broken.self) { try await scaffold.around { throw Broken() } }
      #expect(!isThere())
      // What was set up before the failure goes as well.
      let half = Scaffold(
        setUp: ["mkdir '\(path)'", "mkdir '\(path)'"], takeDown: ["false", "rm -r '\(path)'"])
      let error = await #expect(throws: Shell.Failure.self) {
        try await half.around { Issue.record("it is not up") }
      }
      #expect(error?.text.contains("scaffold") == true)
      #expect(!isThere())
    }
  }

  @Test(.enabled(if: FaultEquipment.whyNoDisk == nil, "needs root"))
  func aSmallDiskIsFullUntilItIsFreed() async throws {
    try await withFolder { parent in
      let folder = "\(parent)/it's one"
      try FileManager.default.createDirectory(atPath: "\(folder)/hub", withIntermediateDirectories: true)
      let equipment = FaultEquipment(smallDisks: ["hub"])
      let scaffold = Scaffold(setUp: equipment.mounts(in: folder), takeDown: equipment.unmounts(in: folder))
      try await scaffold.around {
        let (disk, file) = (SmallDisk(in: "\(folder)/hub"), URL(filePath: "\(folder)/hub/file"))
        try disk.fill()
        #expect(throws: (any Error).self) { try Data(count: 1).write(to: file) }
        try disk.free()
        try Data(count: 1 << 20).write(to: file)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/hub").isEmpty)
    }
  }

  @Test(.enabled(if: FaultEquipment.whyNoNetwork == nil, "needs root, ip and iptables"))
  func aCutIsBetweenTwoAlone() async throws {
    let tool = try #require(Shell.path(of: "ip"))
    var network = ShopNetwork(tool: tool)
    let addresses = ["one", "two", "three"].map { network.add($0).address }
    func reaches(_ from: String, _ to: String) async -> Bool {
      // Nobody listens: whoever is reached says so at once.
      let script = "ip netns exec sf\(getpid())-\(from) timeout 1 bash -c '</dev/tcp/\(to)/9' 2>&1 || :"
      let said = try? await Shell.run(script)
      return said?.contains("refused") == true
    }
    let scaffold = Scaffold(setUp: network.setUp, takeDown: network.takeDown)
    try await scaffold.around { [network] in
      #expect(await reaches("one", addresses[1]))
      try await network.cut("one", "two", .silent)
      #expect(await !reaches("one", addresses[1]))
      #expect(await !reaches("two", addresses[0]))
      #expect(await reaches("one", addresses[2]))
      #expect(await reaches("three", addresses[1]))
      #expect(try await network.mend("one", "two", .silent) > 0)
      #expect(await reaches("two", addresses[0]))
      try await network.cut("three", "one", .silent)
      #expect(try await network.mend("three", "one", .silent) == 0)
    }
    #expect(try await !Shell.run("ip netns; ip link").contains("sf\(getpid())"))
  }

  @Test(.enabled(if: FaultEquipment.whyNoClock == nil, "needs the library of the package"))
  func aClockIsSetWhileItsProcessRuns() async throws {
    try await withFolder { folder in
      let clock = ProcessClock(of: "orders", in: folder)
      try clock.set(3600)
      let settings = clock.environment.map { "\($0)='\($1)'" }.joined(separator: " ")
      // One process, which asks twenty times in two seconds.
      let script = #"\#(settings) bash -c 'for i in {1..20}; do printf "%(%s)T\n" -1; sleep 0.1; done'"#
      async let said = Shell.run(script)
      try await Task.sleep(for: .seconds(1))
      try clock.set(-2000)
      let shown = try await said.split(separator: "\n").compactMap { Double($0) }
      #expect(shown.count == 20)
      let ahead = shown.map { $0 - Date.now.timeIntervalSince1970 }
      #expect(abs(try #require(ahead.first) - 3600) < 10)
      #expect(abs(try #require(ahead.last) + 2000) < 10)
    }
  }

  @Test(.enabled(if: FaultEquipment.whyNoNetwork == nil, "needs root, ip and iptables"))
  func aDayThatIsKilledLeavesNoNetworkBehind() async throws {
    try await withFolder { folder in
      let file = "\(folder)/day.csv"
      try """
      InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
      536365,85123A,WHITE HOLDER,2,2010-12-01 08:26:00,2.55,17850.0,United Kingdom

      """.write(toFile: file, atomically: true, encoding: .utf8)
      let arguments = ["day", file, "--directory", folder, "--cut", "gateway:orders", "--disk-full", "hub"]
      let process = try await run(
        .path(FilePath(try testedProgram())), arguments: Arguments(arguments), input: .none,
        output: .discarded, error: .discarded
      ) { execution in
        let prefix = "sf\(execution.processIdentifier.value)"
        try await eventually("the network is there") {
          try await Shell.run("ip netns; mount").contains("\(prefix)-gateway")
        }
        try execution.send(signal: .kill)
        return prefix
      }.closureResult
      try await eventually("all is gone", within: .seconds(30)) {
        let left = try await Shell.run("ip netns; ip link; mount")
        return !left.contains(process) && !left.contains(folder)
      }
    }
  }
}

import Foundation
import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct ReadinessEndpointTests {
  private struct Down: Error, CustomStringConvertible { var description = "no route to \"10.0.0.7\"\n" }

  @Test func whatIsCriticalDecidesAndWhatIsNotWarns() throws {
    try Simulation(seed: 1).run { sim in
      let endpoint = ReadinessEndpoint(checks: [
        ReadinessCheck("database", maxAge: .zero) { if sim.now >= seconds(20) { throw Down() } },
        ReadinessCheck("cache", isCritical: false, maxAge: .zero) {
          if sim.now >= seconds(10) { throw Down() }
        },
        ReadinessCheck("loop", purpose: .liveness, maxAge: .zero) {},
      ])
      #expect(await endpoint.readiness().status == .pass)
      try await sim.sleep(for: .seconds(10))
      let warned = await endpoint.readiness()
      #expect(warned.status == .warn && warned.isPassing)
      #expect(warned.entries.map(\.name) == ["database", "cache"])
      try await sim.sleep(for: .seconds(10))
      let failed = await endpoint.readiness()
      #expect(failed.status == .fail && !failed.isPassing)
      #expect(await endpoint.liveness().status == .pass)
      #expect(await endpoint.liveness().entries.map(\.name) == ["loop"])
    }
  }

  @Test func whoeverAsksAtATimeSharesOneRunAndItsAnswerIsKept() throws {
    try Simulation(seed: 1).run { sim in
      let runs = Log<Instant>()
      let endpoint = ReadinessEndpoint(checks: [
        ReadinessCheck("database", maxAge: .seconds(5)) {
          runs.append(sim.now)
          try await sim.sleep(for: .milliseconds(100))
        }
      ])
      let ages = await withTaskGroup { group in
        for _ in 0..<100 { group.addTask { await endpoint.readiness().entries[0].age } }
        return await group.reduce(into: Set<Duration>()) { $0.insert($1) }
      }
      #expect(ages == [.zero])
      #expect(runs.entries.count == 1)
      try await sim.sleep(for: .seconds(4))
      #expect(await endpoint.readiness().entries[0].age == .seconds(4))
      #expect(runs.entries.count == 1)
      try await sim.sleep(for: .seconds(1))
      #expect(await endpoint.readiness().entries[0].age == .zero)
      #expect(runs.entries == [seconds(0), Instant(nanoseconds: 5_100_000_000)])
    }
  }

  @Test func aCheckThatHangsFailsInTimeAndIsAloneUntilItEnds() throws {
    try Simulation(seed: 1).run { sim in
      let runs = Log<Instant>()
      let executor = CallContext.current.executor
      let endpoint = ReadinessEndpoint(checks: [
        ReadinessCheck("deaf", maxAge: .zero, timeout: .seconds(1)) {
          runs.append(sim.now)
          guard sim.now == seconds(0) else { return }
          let deaf = Task.immediate(executorPreference: executor) { try await sim.sleep(for: .seconds(60)) }
          try await deaf.value
        },
        ReadinessCheck("quick", maxAge: .zero) {},
      ])
      let report = await endpoint.readiness()
      #expect(sim.now == seconds(1))
      #expect(report.entries.map(\.failure) == ["no answer within 1000 ms", nil])
      for second in 2..<60 as Range<Int64> {
        try await sim.sleep(for: .seconds(1))
        let report = await endpoint.readiness()
        #expect(report.status == .fail && sim.now == seconds(second))
        #expect(report.entries[0].age == .seconds(second - 1))
      }
      #expect(runs.entries.count == 1)
      try await sim.sleep(for: .seconds(2))
      #expect(await endpoint.readiness().status == .pass)
      #expect(runs.entries.count == 2)
    }
  }

  @Test func whoeverLeavesTakesNothingFromTheOthers() throws {
    try Simulation(seed: 1).run { sim in
      let endpoint = ReadinessEndpoint(checks: [
        ReadinessCheck("database") { try await sim.sleep(for: .milliseconds(500)) }
      ])
      let first = Task.immediate(executorPreference: CallContext.current.executor) {
        await endpoint.readiness()
      }
      let second = Task.immediate(executorPreference: CallContext.current.executor) {
        await endpoint.readiness()
      }
      try await sim.sleep(for: .milliseconds(100))
      first.cancel()
      #expect(await first.value.status == .fail)
      #expect(await second.value.status == .pass)
    }
  }

  @Test func aProcessOnItsWayOutIsNotReadyAndAlive() throws {
    try Simulation(seed: 1).run { _ in
      let endpoint = ReadinessEndpoint(checks: [ReadinessCheck("database") {}])
      let check = #""checks":{"database":[{"status":"pass","critical":true,"ageMilliseconds":0}]}}"#
      #expect(await endpoint.readiness().json() == #"{"status":"pass","# + check)
      endpoint.drain()
      let report = await endpoint.readiness()
      #expect(report.isDraining && !report.isPassing)
      #expect(report.json() == #"{"status":"fail","output":"draining","# + check)
      #expect(await endpoint.liveness().json() == #"{"status":"pass","checks":{}}"#)
    }
  }

  @Test func theTextIsJSONWhateverTheNamesAndErrorsAre() async throws {
    let names = ["data\"base", "a\u{7}b\u{7F}", "é\\", "twice", "twice", ""]
    let endpoint = ReadinessEndpoint(checks: names.map { name in ReadinessCheck(name) { throw Down() } })
    let report = await endpoint.readiness()
    let text = report.json(showsFailures: true)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let checks = try #require(object["checks"] as? [String: [[String: Any]]])
    #expect(Set(checks.keys) == Set(names))
    #expect(checks["twice"]?.count == 2)
    #expect(checks[""]?.first?["output"] as? String == Down().description)
    #expect(!text.utf8.contains { $0 < 0x20 || $0 == 0x7F })
    // Strangers are told no addresses.
    #expect(!report.json().contains("10.0.0.7"))
  }

  private func seconds(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
}

import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// A crash at every change of the disk, and at random ones in several lives.
@Suite struct BrokerCrashTests {
  @Test(arguments: [false, true], 0..<2 as Range<UInt64>)
  func aCrashAtEveryOperationLosesNothing(losesPower: Bool, seed: UInt64) throws {
    let changes = try onDisk(seed: seed) { disk, _ in
      var run = BrokerCrashModel(seed: seed, disk)
      await run.live(60, crash: nil, losesPower: losesPower)
      await run.finish()
      #expect(run.problems == [])
      return disk.changes
    }
    #expect(changes > 50)
    for crash in 0..<changes {
      let problems = try onDisk(seed: seed) { disk, _ in
        var run = BrokerCrashModel(seed: seed, disk)
        await run.live(60, crash: crash, losesPower: losesPower)
        await run.finish()
        return run.problems
      }
      #expect(problems == [], "crash after \(crash) changes")
      if !problems.isEmpty { return }
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func severalLivesLoseNothing(block: UInt64) throws {
    for seed in block * 10..<(block + 1) * 10 {
      let problems = try onDisk(seed: seed) { disk, _ in
        let random = SeededRandomSource(seed: seed)
        var run = BrokerCrashModel(seed: seed, disk)
        for _ in 0..<6 {
          await run.live(
            80, crash: random.next(below: 120), losesPower: random.next(below: 2) == 0)
        }
        await run.finish()
        return run.problems
      }
      #expect(problems == [], "seed \(seed)")
      if !problems.isEmpty { return }
    }
  }
}

import Foundation
import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

extension BrokerPolicy {
  /// Checkpoints all the time.
  static let busy = BrokerPolicy(window: 120, checkpointInterval: 15)
}

extension JournalPolicy {
  /// Small segments: of 33 KiB, with the room that a broker adds.
  static let brokers = JournalPolicy(segmentBytes: 8192, maxRecordBytes: 2000, maxBatchBytes: 4000)
}

func openBroker(
  _ disk: any StorageDirectory, _ policy: BrokerPolicy = .busy
) async throws -> JournalBroker {
  try await JournalBroker.open(disk, policy: policy, journalPolicy: .brokers)
}

@Suite struct JournalBrokerTests {
  @Test(arguments: EventBrokerContract.cases)
  func theBrokerInAJournalKeepsItsPromises(promise: EventBrokerContract.Case) throws {
    for seed in 0..<5 as Range<UInt64> {
      try onDisk(seed: seed) { disk, _ in
        try await promise.run(try await openBroker(disk)) {
          disk.loseState()
          return try await openBroker(disk)
        }
      }
    }
  }

  @Test(arguments: EventBrokerContract.withoutSessionEnds)
  func itKeepsThemOnRealThreadsAndOnARealDisk(promise: EventBrokerContract.Case) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "broker-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let policy = BrokerPolicy(session: .seconds(3600), checkpointInterval: 15)
    let broker = Lock(try await openBroker(LocalDirectory(path: path), policy))
    try await promise.run(broker.withLock { $0 }) {
      // The process goes on, so the directory has to be let go.
      try await broker.withLock { $0 }.abandon()
      let opened = try await openBroker(LocalDirectory(path: path), policy)
      broker.withLock { $0 = opened }
      return opened
    }
    try await broker.withLock { $0 }.close()
  }

  @Test func aBacklogNeedsAWindowOfMemory() throws {
    try onDisk { disk, _ in
      let broker = try await JournalBroker.open(
        disk, policy: BrokerPolicy(window: 10, checkpointInterval: 500))
      let consumer = try await broker.join(BrokerGroup("g"))
      for number in 0..<30 {
        try await broker.publish((0..<100).map { try event(number * 100 + $0) })
      }
      var seen: [Int] = []
      while seen.count < 3000 {
        let deliveries = try await consumer.receive(limit: 100)
        #expect(deliveries.count <= 10)
        let group = broker.core.state.withLock { $0.groups[Identifier("g")] }
        #expect((group?.order.count ?? 0) <= 10)
        #expect((group?.settledAhead.count ?? 0) <= 10)
        seen += deliveries.map(\.number)
        try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      }
      #expect(seen == Array(0..<3000))
    }
  }

  @Test func whatAllGroupsHaveSettledIsRemovedAndDeadLettersStay() throws {
    try onDisk { disk, _ in
      var broker = try await openBroker(disk, BrokerPolicy(checkpointInterval: 50))
      var consumer = try await broker.join(BrokerGroup("g"))
      var later = try event(9999)
      later.notBefore = CallContext.current.clock.unixTime.advanced(by: .seconds(3600))
      try await broker.publish([later])
      var most = 0
      for number in 0..<1500 {
        try await broker.publish([try event(number)])
        let deliveries = try await consumer.receive(limit: 1)
        let death = DeadLetter.Death(
          reason: .poison, lastError: nil, deliveries: 1, time: UnixTime(nanoseconds: 0))
        try await consumer.settle(
          deliveries.map {
            BrokerSettlement(
              $0.receipt, number % 100 == 7 ? .deadLettered(death, history: []) : .handled())
          })
        most = max(most, broker.journalSnapshot().segments)
        if number % 500 == 499 {
          disk.loseState()
          broker = try await openBroker(disk, BrokerPolicy(checkpointInterval: 50))
          consumer = try await broker.join(BrokerGroup("g"))
        }
      }
      #expect(broker.journalSnapshot().firstOffset > 3000)
      #expect(most <= 4)
      let letters = try await broker.deadLetters(limit: 100)
      #expect(letters.map(\.event.id) == (0..<15).map { "\($0 * 100 + 7)" })
      #expect(broker.snapshot().deadLetters == 15)
      #expect(broker.snapshot().scheduled == 1)
      try await CallContext.current.clock.sleep(for: .seconds(3600))
      consumer = try await broker.join(BrokerGroup("g"))
      #expect(try await consumer.receive(limit: 10).map(\.number) == [9999])
    }
  }

  @Test func deadLettersThatAreNotWrittenAgainKeepTheirFiles() throws {
    try onDisk { disk, _ in
      let broker = try await openBroker(disk, BrokerPolicy(checkpointInterval: 50))
      let consumer = try await broker.join(BrokerGroup("g"))
      let death = DeadLetter.Death(
        reason: .poison, lastError: nil, deliveries: 1, time: UnixTime(nanoseconds: 0))
      for first in stride(from: 0, to: 240, by: 10) {
        try await broker.publish(try (first..<first + 10).map(event))
        let deliveries = try await consumer.receive(limit: 10)
        try await consumer.settle(
          deliveries.map { BrokerSettlement($0.receipt, .deadLettered(death, history: [])) })
      }
      #expect(broker.journalSnapshot().segments > 2)
      let letters = try await broker.deadLetters(limit: 1000)
      #expect(letters.map(\.event.id) == (0..<240).map { "\($0)" })
    }
  }

  @Test func openingReadsFromTheCheckpointOn() throws {
    try onDisk { disk, _ in
      let policy = BrokerPolicy(checkpointInterval: 100)
      let broker = try await openBroker(disk, policy)
      try await broker.join(BrokerGroup("g")).leave()
      for number in 0..<1000 { try await broker.publish([try event(number)]) }
      disk.kill()
      let log = try await JournalLog(
        Journal.open(disk, policy: .brokers), disk, maxEventBytes: 2000)
      #expect(try await log.savedCheckpoint()?.end ?? 0 > 850)
    }
  }

  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(
      id: "\(number)", source: "/tests", type: "t", subject: "key", data: Array(repeating: 1, count: 200))
  }
}

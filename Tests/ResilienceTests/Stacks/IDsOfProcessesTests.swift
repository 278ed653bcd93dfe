#if os(Linux)
  import Resilience
  import ResilienceTestSupport
  import Testing

  /// Ids that are made in processes of their own.
  @Suite struct IDsOfProcessesTests {
    private struct IDs {
      /// The words of trace ids and span ids.
      var words: [UInt64] = []
      var events: [String] = []
    }

    @Test(.enabled(if: OtherProcess.output == nil))
    func row103_processesMakeIDsAsDifferentAsChanceHasIt() throws {
      let processes = try (0..<3).map { _ in
        var ids = IDs()
        for line in try OtherProcess.run("IDsOfAProcessProbe").split(separator: "\n") {
          if let word = line.hasPrefix("w") ? UInt64(line.dropFirst(), radix: 16) : nil {
            ids.words.append(word)
          } else {
            ids.events.append(String(line.dropFirst()))
          }
        }
        try #require(ids.words.count == 9000 && ids.events.count == 10_000)
        return ids
      }
      let words = processes.flatMap(\.words)
      let events = processes.flatMap(\.events)
      #expect(Set(words).count == words.count)
      #expect(Set(events).count == events.count)
      #expect(events.allSatisfy { $0.utf8.count == 15 })
      // Of 20 bits, two processes that make 9000 words have 77 in common by chance, three have 232, give or
      // take 15; of 10 000 events 286, give or take 17. Seven times that happens once in 10¹¹.
      for shift in stride(from: 0, through: 44, by: 11) {
        let common = inCommon(processes.map { $0.words.map { $0 >> shift & 0xF_FFFF } })
        #expect((127...337).contains(common), "\(common) words agree in the 20 bits from \(shift)")
      }
      for start in [0, 4, 8, 11] {
        let common = inCommon(processes.map { $0.events.map { $0.dropFirst(start).prefix(4) } })
        #expect((167...405).contains(common), "\(common) events agree in the 4 digits from \(start)")
      }
    }

    /// How many pairs of equal values there are of which the two are in different lists.
    private func inCommon<Value: Hashable>(_ lists: [[Value]]) -> Int {
      let counts = lists.map { list in Dictionary(list.map { ($0, 1) }) { $0 + $1 } }
      var pairs = 0
      for (index, count) in counts.enumerated() {
        for other in counts[(index + 1)...] {
          pairs += count.reduce(0) { $0 + $1.value * (other[$1.key] ?? 0) }
        }
      }
      return pairs
    }
  }

  /// What is run by the test above, in processes of their own, and by nobody else.
  @Suite(.enabled(if: OtherProcess.output != nil, "run by another test"))
  struct IDsOfAProcessProbe {
    @Test func makesIDs() async throws {
      var lines: [String] = []
      let tracer = CallTracer("shop", store: TraceStore(capacity: 0))
      for _ in 0..<3000 {
        let ids = await tracer.span("a") { CallContext.current.trace }
        lines += [ids.traceHigh, ids.traceLow, ids.span].map { "w" + String($0, radix: 16) }
      }
      let type = EventType<Int>("order_placed")
      for _ in 0..<10_000 {
        lines.append("e" + (try Event(source: "shop", type: type, data: 1).envelope.id))
      }
      try OtherProcess.report(lines.joined(separator: "\n"))
    }
  }
#endif

public import ResilienceCore

extension Inbox {
  /// Opens an inbox that remembers beyond the end of the process, in a journal of its own.
  ///
  /// What ``run(_:_:)`` and `.deduplicate` have handled is written before they return, so that a delivery
  /// after a crash finds it. A crash between the end of a handler and that write has the event handled again:
  /// nothing but a transaction that has the handler's effect in it can help there. ``commit(_:at:)`` alone
  /// remembers in memory only.
  ///
  /// - Parameters:
  ///   - directory: Belongs to the inbox alone.
  ///   - name: For the journal's events and metrics; empty when unnamed.
  ///   - policy: How long it remembers, and how much. Default: ten minutes, 100 000 events.
  ///   - journalPolicy: How it writes. Files whose events are all older than the policy's window are removed,
  ///     whatever it retains by size or time.
  /// - Throws: ``JournalDamaged``; `StorageError`, with the reason `locked` when somebody has it open.
  public static func open(
    _ directory: any StorageDirectory, name: String = "", policy: InboxPolicy = InboxPolicy(),
    journalPolicy: JournalPolicy = JournalPolicy(segmentBytes: 16 << 20)
  ) async throws -> Inbox {
    let kept = JournalPolicy(
      segmentBytes: journalPolicy.segmentBytes, durability: journalPolicy.durability,
      maxRecordBytes: journalPolicy.maxRecordBytes, maxBatchBytes: journalPolicy.maxBatchBytes,
      retainedTime: policy.window, indexStepBytes: journalPolicy.indexStepBytes)
    let journal = try await Journal.open(directory, name: name, policy: kept)
    let inbox = Inbox(policy: policy, journal: journal)
    try await inbox.load(journal)
    return inbox
  }

  /// Lets others open the directory; what is handled later is remembered in memory, and ``run(_:_:)`` throws
  /// ``JournalClosed``. Does nothing for an inbox in memory.
  ///
  /// - Throws: ``JournalWriteFailed``; it is closed nevertheless.
  public func close() async throws { try await journal?.close() }

  private func load(_ journal: Journal) async throws {
    let clock = CallContext.current.clock
    let oldest = clock.unixTime.advanced(by: .zero - policy.window)
    var offset = try await journal.offset(at: oldest)
    while true {
      let entries = try await journal.records(from: offset)
      guard let last = entries.last else { return }
      let (now, time) = (clock.now, clock.unixTime)
      for entry in entries where entry.record.time > oldest {
        guard let key = InboxKey(bytes: entry.record.payload) else { continue }
        // No longer than the window, should the wall clock have been set back.
        let (age, overflow) = time.nanoseconds.subtractingReportingOverflow(entry.record.time.nanoseconds)
        withState {
          $0.machine.remember(
            key, until: now.advanced(by: policy.window - .nanoseconds(overflow ? 0 : max(0, age))))
        }
      }
      offset = last.offset + 1
    }
  }

  /// Writes that an event was handled, whatever happens to the task.
  @inline(never)
  func write(
    _ reservation: InboxReservation, _ journal: Journal, _ context: CallContext,
    isolation: isolated (any Actor)? = #isolation
  ) async throws {
    do {
      _ = try await journal.appendUninterrupted([JournalRecord(reservation.key.bytes)])
    } catch {
      commit(reservation, at: context.readClock())
      throw error
    }
  }
}

extension InboxKey {
  var bytes: [UInt8] {
    var writer = BrokerWriter()
    for text in [group, type, source, id] { writer.text(text) }
    return writer.bytes
  }

  init?(bytes: [UInt8]) {
    var reader = BrokerReader(bytes)
    do throws(BrokerReader.Unreadable) {
      self.init(
        group: try reader.text(), type: try reader.text(), source: try reader.text(), id: try reader.text())
    } catch {
      return nil
    }
  }
}

public import ResilienceCore

/// What a journal holds, and has done since it was opened.
public struct JournalSnapshot: MetricSource, Hashable {
  /// The journal's name.
  public let name: String

  /// The offset of the oldest record that may be there.
  public let firstOffset: Int64

  /// The offset that the next record gets.
  public let endOffset: Int64

  /// Files.
  public let segments: Int

  /// Bytes in them, without what is only set aside.
  public let bytes: Int

  /// Appends that wait for the next write.
  public let waiting: Int

  /// Records that were appended.
  public let appended: Int

  /// Writes that were made for them: how many records share one is `appended / commits`.
  public let commits: Int

  /// Writes and syncs that failed.
  public let failures: Int

  /// Bytes that were cut off when the journal was opened.
  public let cutBytes: Int

  /// Records, bytes, files and waiting appends, and totals of what was appended, written, failed and cut;
  /// labelled with the name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("journal", name)]
    return [
      Metric(
        "journal_records", .gauge, Double(endOffset - firstOffset), labels: labels,
        help: "Records that are kept."),
      Metric("journal_bytes", .gauge, Double(bytes), labels: labels, help: "Bytes that the files take."),
      Metric("journal_segments", .gauge, Double(segments), labels: labels, help: "Files."),
      Metric(
        "journal_waiting_appends", .gauge, Double(waiting), labels: labels,
        help: "Appends that wait for their write."),
      Metric(
        "journal_appended_records_total", .counter, Double(appended), labels: labels,
        help: "Records that were appended."),
      Metric(
        "journal_commits_total", .counter, Double(commits), labels: labels,
        help: "Writes, each of one group of records."),
      Metric(
        "journal_failures_total", .counter, Double(failures), labels: labels,
        help: "Writes and syncs that failed."),
      Metric(
        "journal_cut_bytes_total", .counter, Double(cutBytes), labels: labels,
        help: "Bytes that were cut off, because a crash had torn them."),
    ]
  }
}

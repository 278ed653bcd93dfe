import Resilience
import Synchronization

/// What was done about each order, on the disk: it is there after a crash.
///
/// A deed is done once for an order. Noting it again changes nothing, as a payment provider's idempotency
/// key does; so what is delivered twice is done once.
final class DurableBook<Deed: RawRepresentable<String> & Hashable & Sendable>: Sendable {
  struct Entry: Equatable, Sendable {
    var deed: Deed
    var amount: Int
  }

  struct Unreadable: Error, CustomStringConvertible {
    var path: String
    var offset: Int64
    var description: String { "\(path): record \(offset) is not an entry of this book" }
  }

  private let journal: Journal
  private let entries: Mutex<[String: [Entry]]>

  private init(_ journal: Journal, _ entries: [String: [Entry]]) {
    self.journal = journal
    self.entries = Mutex(entries)
  }

  /// Opens the book in a directory of its own, or begins it there.
  static func open(_ path: String) async throws -> DurableBook {
    let journal = try await Journal.open(LocalDirectory(path: path), policy: .small)
    var entries: [String: [Entry]] = [:]
    var next = journal.firstOffset
    while next < journal.endOffset {
      for item in try await journal.records(from: next) {
        guard let (order, entry) = read(item.record) else {
          throw Unreadable(path: path, offset: item.offset)
        }
        entries[order, default: []].append(entry)
        next = item.offset + 1
      }
    }
    return DurableBook(journal, entries)
  }

  func close() async throws { try await journal.close() }

  /// Everything that was noted, by order.
  var all: [String: [Entry]] { entries.withLock { $0 } }

  /// The deeds that were noted of an order.
  func entries(of order: String) -> [Entry] { entries.withLock { $0[order] ?? [] } }

  /// The amount of a deed; `nil` if it was not done.
  func amount(of deed: Deed, for order: String) -> Int? {
    entries(of: order).first { $0.deed == deed }?.amount
  }

  /// Notes a deed, unless it is noted already.
  func note(_ deed: Deed, for order: String, amount: Int = 0) async throws {
    let entry = Entry(deed: deed, amount: amount)
    let isNew = entries.withLock { entries in
      if entries[order]?.contains(where: { $0.deed == deed }) == true { return false }
      entries[order, default: []].append(entry)
      return true
    }
    guard isNew else { return }
    do {
      try await journal.append(
        JournalRecord(Array("\(deed.rawValue) \(amount)".utf8), key: Array(order.utf8)))
    } catch {
      entries.withLock { $0[order]?.removeAll { $0 == entry } }
      throw error
    }
  }

  private static func read(_ record: JournalRecord) -> (order: String, entry: Entry)? {
    let words = String(decoding: record.payload, as: UTF8.self).split(separator: " ")
    guard let key = record.key, words.count == 2, let deed = Deed(rawValue: String(words[0])),
      let amount = Int(words[1])
    else { return nil }
    return (String(decoding: key, as: UTF8.self), Entry(deed: deed, amount: amount))
  }
}

extension JournalPolicy {
  /// For a day of a few hundred orders: files of 2 MiB.
  static let small = JournalPolicy(
    segmentBytes: 2 << 20, maxRecordBytes: 256 << 10, maxBatchBytes: 1 << 20)
}

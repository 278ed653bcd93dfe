import GRDB
import Testing

@testable import storefront

@Suite struct ServiceDatabaseTests {
  @Test func whatWasAnsweredOutlivesAPowerCut() async throws {
    try await withFolder { folder in
      let database = try ServiceDatabase(path: "\(folder)/a.sqlite", source: "tests", schema: "")
      // SQLite's number for FULL: each commit is on the disk.
      #expect(try await database.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
      #expect(try await database.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }
  }
}

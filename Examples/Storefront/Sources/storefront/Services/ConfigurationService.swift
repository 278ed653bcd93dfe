import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import Resilience

/// The configuration: keeps each version, with who put it and why, and gives out the latest.
struct ConfigurationService: StorefrontService {
  static let name = "configuration"
  /// Of a version, as an answer.
  static let maxBytes = 1 << 20
  /// What the audit shows.
  static let maxLines = 500
  static let maxNoteBytes = 500
  static let maxDocumentBytes = 1 << 16

  private let database: ServiceDatabase

  private struct Change: Decodable {
    var note: String?
    var values: [String: Setting]
  }

  /// A line of the audit.
  struct Line: Codable, Hashable {
    var version: Int
    var time: String
    var by: String
    var note: String
  }

  struct Audit: ResponseCodable {
    var versions: [Line]
  }

  init(_ platform: Platform) throws {
    database = try platform.database(
      """
      CREATE TABLE IF NOT EXISTS versions (
        version INTEGER PRIMARY KEY, time TEXT NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL,
        document TEXT NOT NULL)
      """)
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("configuration") { _, _ in try await tagged(database.read { try $0.latestVersion() }) }
    router.get("configuration/defaults") { _, _ in ShopPolicies.builtInValues }
    router.get("configuration/versions") { _, _ in
      try await database.read { database in
        let sql = "SELECT version, time, who, note FROM versions ORDER BY version DESC LIMIT ?"
        return Audit(
          versions: try Row.fetchAll(database, sql: sql, arguments: [Self.maxLines]).map {
            Line(version: $0["version"], time: $0["time"], by: $0["who"], note: $0["note"])
          })
      }
    }
    router.get("configuration/:version") { _, context in
      let text = try context.parameters.require("version")
      let version = Int(text)
      let found = try await database.read { try $0.version(version) }
      guard let found else { throw HTTPError(.notFound, message: "no version \(text)") }
      return found
    }
    router.put("configuration") { request, context in try await tagged(put(request, context)) }
  }

  private func put(_ request: Request, _ context: StorefrontContext) async throws -> ConfigurationVersion {
    guard let who = request.headers[.customer] else { throw HTTPError(.badRequest) }
    let base = try request.baseVersion()
    // A key that somebody uses again for a later version is another one.
    let key = "configuration \(who) \(base) \(try request.idempotencyKey())"
    let change = try await request.decode(as: Change.self, context: context)
    do {
      _ = try ShopPolicies(change.values)
    } catch {
      throw HTTPError(.unprocessableContent, message: "\(error)")
    }
    guard let note = change.note, (1...Self.maxNoteBytes).contains(note.utf8.count) else {
      throw HTTPError(
        .unprocessableContent, message: "a note of 1 to \(Self.maxNoteBytes) bytes, which says why, is needed"
      )
    }
    let document = try Self.document(change.values)
    let time = "\(CallContext.current.clock.unixTime)"
    return try await database.answerOnce(key) { database in
      let latest = try database.latestVersion()
      guard latest.version == base else {
        throw HTTPError(
          .preconditionFailed,
          message:
            "version \(latest.version) is there, by \(latest.by ?? "nobody"), and your change is based on "
            + "version \(base)")
      }
      let version = ConfigurationVersion(
        version: base + 1, time: time, by: who, note: note, values: change.values)
      try database.insert(version, document)
      return version
    }
  }

  private static func document(_ values: [String: Setting]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let document = try encoder.encode(values)
    guard document.count <= maxDocumentBytes else {
      throw HTTPError(
        .unprocessableContent,
        message: "a configuration has \(maxDocumentBytes) bytes at most, not \(document.count)")
    }
    return String(decoding: document, as: UTF8.self)
  }

  private func tagged(_ version: ConfigurationVersion) -> EditedResponse<ConfigurationVersion> {
    EditedResponse(headers: [.eTag: "\"\(version.version)\""], response: version)
  }
}

extension Request {
  /// The version that a change is based on.
  ///
  /// - Throws: 428 without the field `If-Match`, 400 for one that has no version.
  fileprivate func baseVersion() throws -> Int {
    guard let tag = headers[.ifMatch] else {
      throw HTTPError(
        .preconditionRequired, message: "the field If-Match is needed, with the version's ETag")
    }
    guard tag.hasPrefix("\""), tag.hasSuffix("\""), let version = Int(tag.dropFirst().dropLast()),
      version >= 0
    else { throw HTTPError(.badRequest, message: "If-Match is a version in quotes, not \(tag)") }
    return version
  }
}

extension Database {
  fileprivate func latestVersion() throws -> ConfigurationVersion {
    try version(Int.fetchOne(self, sql: "SELECT max(version) FROM versions")) ?? .none
  }

  fileprivate func version(_ number: Int?) throws -> ConfigurationVersion? {
    let row = try Row.fetchOne(self, sql: "SELECT * FROM versions WHERE version = ?", arguments: [number])
    return try row.map { row in
      ConfigurationVersion(
        version: row["version"], time: row["time"], by: row["who"], note: row["note"],
        values: try JSONDecoder().decode(
          [String: Setting].self, from: Data((row["document"] as String).utf8)))
    }
  }

  fileprivate func insert(_ version: ConfigurationVersion, _ document: String) throws {
    try execute(
      sql: "INSERT INTO versions VALUES (?, ?, ?, ?, ?)",
      arguments: [version.version, version.time, version.by, version.note, document])
  }
}

import Foundation
import ResilienceCore
import Testing

@testable import ResilienceEventBus

@Suite struct JournalFormatTests {
  /// RFC 3720, B.4, and the check value of the catalogue of parametrised CRC algorithms.
  static let vectors: [(bytes: [UInt8], checksum: UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E),
    ([UInt8](0..<32).reversed(), 0x113F_DB5C),
    ([UInt8]("123456789".utf8), 0xE306_9283),
    ([], 0),
  ]

  @Test(arguments: vectors)
  func theChecksumIsThePublishedOne(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.checksum(bytes) == expected)
  }

  @Test func theChecksumIsTheSameAtAnyLengthAsByteByByte() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
    for length in 0..<bytes.count {
      var crc = UInt32.max
      for byte in bytes.prefix(length) {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
      }
      #expect(CRC32C.checksum(bytes.prefix(length)) == ~crc)
    }
  }

  @Test func aBatchIsLaidOutAsThePageSays() {
    var body: [UInt8] = []
    RecordCoding.append(
      JournalRecord([0xAA, 0xBB], key: [0x01], time: UnixTime(nanoseconds: 258)), skipping: 2, to: &body)
    #expect(
      body == [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0x01, 0xAA, 0xBB])
    let header = BatchHeader(
      salt: 0x1122_3344_5566_7788, position: 128, firstOffset: 3, latestTime: UnixTime(nanoseconds: 4),
      syncedThrough: 5, recordCount: 1, body: body)
    let bytes = header.encoded
    #expect(bytes.count == BatchHeader.bytes)
    #expect(
      Array(bytes.prefix(20)) == Array("RJB1".utf8) + [
        1, 0, 0, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 128, 0, 0, 0,
      ])
    #expect(bytes[24] == 3 && bytes[32] == 4 && bytes[40] == 5 && bytes[48] == 23 && bytes[52] == 1)
    #expect(BatchHeader(bytes, at: 0, position: 128, salt: header.salt) == header)
    #expect(BatchHeader(bytes, at: 0, position: 129, salt: header.salt) == nil)
    #expect(BatchHeader(bytes, at: 0, position: 128, salt: 1) == nil)
    #expect(RecordCoding.entries(body, of: header)?.map(\.offset) == [5])
    for length in 0..<body.count {
      #expect(RecordCoding.entries(Array(body.prefix(length)), of: header) == nil)
    }
  }

  @Test func aHeaderOfAFileIsReadAgain() throws {
    let plain = SegmentHeader(
      sequence: 7, firstOffset: 8, salt: 9, previousEnd: 10, latestTimeBefore: UnixTime(nanoseconds: 11))
    var compacted = plain
    compacted.compacted = .init(end: 12, endOffset: 13, latestTime: UnixTime(nanoseconds: 14))
    for header in [plain, compacted] {
      #expect(try SegmentHeader(header.encoded) == header)
      #expect(header.encoded.count == SegmentHeader.bytes)
    }
    #expect(Array(plain.encoded.prefix(8)) == Array("RESJRNL1".utf8))
    #expect(throws: SegmentHeader.Unreadable.self) { try SegmentHeader([]) }
    #expect(Segment.sequence(of: Segment.name(255)) == 255)
    #expect(Segment.name(255) == "00000000000000ff.segment")
    #expect(Segment.sequence(of: "ff.segment") == nil && Segment.sequence(of: "lock") == nil)
  }

  @Test func aPolicyIsReadFromADocument() throws {
    let text = #"{"segmentBytes": 20000000, "durability": "written", "retainedTime": "168h"}"#
    let policy = try JSONDecoder().decode(JournalPolicy.self, from: Data(text.utf8))
    #expect(
      policy
        == JournalPolicy(
          segmentBytes: 20_000_000, durability: .written, retainedTime: .seconds(168 * 3600)))
    #expect(try JSONDecoder().decode(JournalPolicy.self, from: JSONEncoder().encode(policy)) == policy)
  }

  @Test(arguments: [
    (
      #"{"segmentBytes": 1000}"#,
      "segmentBytes must be 8389632 or more, maxBatchBytes and 1024, was 1000"
    ),
    (#"{"maxRecordBytes": 0}"#, "maxRecordBytes must be in 1 ... 536870912, was 0"),
    (
      #"{"maxBatchBytes": 5}"#,
      "maxBatchBytes must be 1048596 or more, maxRecordBytes and 20, was 5"
    ),
    (#"{"durability": "maybe"}"#, "durability must be one of synced, written, was \"maybe\""),
    (#"{"retainedTime": "0s"}"#, "retainedTime must be more than 0s, was \"0s\""),
    (#"{"retainedBytes": 0}"#, "retainedBytes must be 1 or more, was 0"),
    (
      #"{"maxRecordBytes": 9223372036854775807}"#,
      "maxRecordBytes must be in 1 ... 536870912, was 9223372036854775807"
    ),
  ])
  func whatIsWrongInADocumentIsNamed(text: String, complaint: String) {
    let error = #expect(throws: InvalidSetting.self) {
      try JSONDecoder().decode(JournalPolicy.self, from: Data(text.utf8))
    }
    #expect(error?.description.hasPrefix(complaint) == true, "\(error.debugDescription)")
  }

  @Test func valuesFromOutsideAreValidated() throws {
    #expect(try JournalPolicy.validated(retainedBytes: 5).retainedBytes == 5)
    #expect(throws: InvalidSetting.self) { try JournalPolicy.validated(indexStepBytes: 0) }
  }
}

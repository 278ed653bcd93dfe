import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct TraceparentTests {
  private static let trace = "12345678901234567890123456789012"
  private static let parent = "1234567890123456"

  @Test func readsEveryField() throws {
    let ids = try #require(TraceIDs(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
    #expect(ids.traceHigh == 0x0AF7_6519_16CD_43DD)
    #expect(ids.traceLow == 0x8448_EB21_1C80_319C)
    #expect(ids.span == 0xB7AD_6B71_6920_3331)
    #expect(ids.flags == 1)
    #expect(ids.traceparent == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    #expect(ids.traceID.description == "0af7651916cd43dd8448eb211c80319c")
  }

  /// The accepting cases of the W3C suite (w3c/trace-context, test.py), with what is passed on.
  @Test(arguments: [
    ("00-\(trace)-\(parent)-01", "01"),
    ("00-\(trace)-\(parent)-00", "00"),
    ("00-\(trace)-\(parent)-02", "02"),
    ("00-\(trace)-\(parent)-ff", "03"),  // unknown flags are sent as zero
    ("00-\(trace)-\(parent)-08", "00"),
    ("cc-\(trace)-\(parent)-01", "01"),
    ("cc-\(trace)-\(parent)-03", "01"),  // of a future version only "sampled" is known
    ("cc-\(trace)-\(parent)-01-what-the-future-will-be-like", "01"),
    ("cc-\(trace)-\(parent)-01-", "01"),
    ("fe-\(trace)-\(parent)-01", "01"),
    (" 00-\(trace)-\(parent)-01", "01"),
    ("\t00-\(trace)-\(parent)-01", "01"),
    ("00-\(trace)-\(parent)-01 ", "01"),
    ("00-\(trace)-\(parent)-01\t", "01"),
    ("\t 00-\(trace)-\(parent)-01 \t", "01"),
  ])
  func row59_acceptsAndPassesOnAsVersionZero(_ text: String, flags: String) {
    #expect(TraceIDs(traceparent: text)?.traceparent == "00-\(Self.trace)-\(Self.parent)-\(flags)")
  }

  /// The refusing cases of the W3C suite, and their neighbours.
  @Test(arguments: [
    "",
    " ",
    "00-\(trace)-\(parent)-01.",
    "00-\(trace)-\(parent)-01-what-the-future-will-be-like",
    "00-\(trace)-\(parent)-01-",
    "cc-\(trace)-\(parent)-01.what-the-future-will-be-like",
    "cc-\(trace)-\(parent)-0",
    "ff-\(trace)-\(parent)-01",
    "ff-\(trace)-\(parent)-01-x",
    ".0-\(trace)-\(parent)-01",
    "0.-\(trace)-\(parent)-01",
    "0A-\(trace)-\(parent)-01",
    "000-\(trace)-\(parent)-01",
    "0000-\(trace)-\(parent)-01",
    "0-\(trace)-\(parent)-01",
    "00-00000000000000000000000000000000-\(parent)-01",
    "00-.2345678901234567890123456789012-\(parent)-01",
    "00-1234567890123456789012345678901.-\(parent)-01",
    "00-123456789012345678901234567890123-\(parent)-01",
    "00-1234567890123456789012345678901-\(parent)-01",
    "00-\(trace)-0000000000000000-01",
    "00-\(trace)-.234567890123456-01",
    "00-\(trace)-123456789012345.-01",
    "00-\(trace)-12345678901234567-01",
    "00-\(trace)-123456789012345-01",
    "00-\(trace)-\(parent)-.0",
    "00-\(trace)-\(parent)-0.",
    "00-\(trace)-\(parent)-001",
    "00-\(trace)-\(parent)-1",
    "00-\(trace)-\(parent)-0A",
    "00-0AF7651916CD43DD8448EB211C80319C-\(parent)-01",
    "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
    "00_\(trace)-\(parent)-01",
    "00-\(trace)_\(parent)-01",
    "00-\(trace)-\(parent)_01",
    "00-\(trace)-\(parent)-01\n",
    "00-1234567890123456789012345678901é-\(parent)-0",
  ])
  func row59_refuses(_ text: String) {
    #expect(TraceIDs(traceparent: text) == nil)
  }

  @Test func everyByteIsADigitOrRefused() {
    for byte in UInt8.min...UInt8(0x7F) {
      for place in [3, 10, 34, 36, 51, 53, 54] {
        var bytes = Array("00-\(Self.trace)-\(Self.parent)-01".utf8)
        bytes[place] = byte
        let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
        let ids = TraceIDs(traceparent: String(decoding: bytes, as: UTF8.self))
        #expect((ids != nil) == isDigit, "byte \(byte) at \(place)")
        guard place < 53, let ids else { continue }
        #expect(Array(ids.traceparent.utf8)[..<53] == bytes[..<53])
      }
    }
  }

  @Test(arguments: 0..<8)
  func row60_parserIsTotalAndItsOutputValid(seed: Int) {
    let random = SeededRandomSource(seed: UInt64(seed))
    let alphabet = Array("0123456789abcdef-- \tAFg.\u{0}é".utf8)
    let valid = Array("00-\(Self.trace)-\(Self.parent)-01".utf8)
    for _ in 0..<4000 {
      var bytes = valid
      switch random.next(below: 3) {
      case 0:
        bytes = (0..<random.next(below: 80)).map { _ in UInt8(random.next(below: 256)) }
      case 1:
        bytes = (0..<random.next(below: 80)).map { _ in alphabet[random.next(below: alphabet.count)] }
      default:
        for _ in 0...random.next(below: 3) {
          bytes[random.next(below: bytes.count)] = alphabet[random.next(below: alphabet.count)]
        }
      }
      guard let ids = TraceIDs(traceparent: String(decoding: bytes, as: UTF8.self)) else { continue }
      #expect(ids.isPresent && ids.span != 0 && ids.flags <= 3)
      #expect(TraceIDs(traceparent: ids.traceparent) == ids)
    }
  }

  @Test(arguments: 0..<4)
  func formatsWhatItReads(seed: Int) {
    let random = SeededRandomSource(seed: UInt64(seed))
    for _ in 0..<1000 {
      let ids = TraceIDs(
        traceHigh: random.next() >> random.next(below: 64), traceLow: random.next() | 1,
        span: random.next() >> random.next(below: 60) | 1, flags: UInt8(random.next(below: 4)))
      #expect(TraceIDs(traceparent: ids.traceparent) == ids)
    }
  }

  @Test func traceIDIsItsText() {
    let text = "0af7651916cd43dd8448eb211c80319c"
    #expect(TraceID(text)?.description == text)
    #expect(TraceID("0af7") == nil)
    #expect(TraceID(String(repeating: "0", count: 32)) == nil)
  }
}

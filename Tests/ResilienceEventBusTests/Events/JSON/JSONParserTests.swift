import Foundation
import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct JSONParserTests {
  @Test(arguments: [
    "", " ", "tru", "nul", "True", "01", "-", "-01", "1.", ".5", "+1", "1e", "1e+", "0x1", "NaN", "Infinity",
    "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\n\"", "\"\u{1}\"", "'a'", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "1 2", "[] []", "//\n1",
    "\u{FEFF}1",
    "\u{A0}1",
  ])
  func whatIsNoJSONIsRefused(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array(text.utf8)) }
  }

  @Test(
    arguments: [
      [0x22, 0xC0, 0xA0, 0x22], [0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC3, 0x22],
      [0x80],
      [0x22, 0x5C, 0x6E, 0xC3, 0x22], [0xFF, 0xFE, 0x31, 0x00],
    ] as [[UInt8]])
  func whatIsNoUTF8IsRefused(bytes: [UInt8]) {
    #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(bytes) }
  }

  @Test(arguments: [
    ("\"\\u00e9\\uD83D\\uDE00\\u0000\\/\"", "é😀\u{0}/"), (" \t\r\n\"x\" ", "x"),
    ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
  ])
  func stringsAreRead(json: String, text: String) throws {
    #expect(try JSONTreeDecoder.decode(String.self, from: Array(json.utf8)) == text)
  }

  @Test func noNumberLosesADigit() throws {
    func read<Value: Decodable>(_ text: String, as type: Value.Type) throws -> Value {
      try JSONTreeDecoder.decode(type, from: Array(text.utf8))
    }
    #expect(try read("18446744073709551615", as: UInt64.self) == .max)
    #expect(try read("-9223372036854775808", as: Int64.self) == .min)
    #expect(try read("9007199254740993", as: Int.self) == 9_007_199_254_740_993)
    #expect(try read("5e-324", as: Double.self) == .leastNonzeroMagnitude)
    #expect(try read("1e3", as: Int.self) == 1000)
    #expect(try read("-0", as: Double.self).sign == .minus)
    #expect(throws: DecodingError.self) { try read("1e400", as: Double.self) }
    #expect(throws: DecodingError.self) { try read("256", as: UInt8.self) }
    #expect(throws: DecodingError.self) { try read("1e99", as: Int.self) }
    #expect(throws: DecodingError.self) { try read("true", as: Int.self) }
    #expect(throws: DecodingError.self) { try read("1", as: Bool.self) }
  }

  @Test func ofEqualNamesTheLastCounts() throws {
    let json = Array(#"{"a":1,"b":2,"a":3}"#.utf8)
    #expect(try JSONTreeDecoder.decode([String: Int].self, from: json) == ["a": 3, "b": 2])
  }

  @Test func namesAreTheirBytes() throws {
    struct Spelled: Decodable {
      struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
      }
      let composed: Int
      init(from decoder: any Decoder) throws {
        composed = try decoder.container(keyedBy: Key.self).decode(
          Int.self, forKey: Key(stringValue: "\u{E9}"))
      }
    }
    let json = Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8)
    #expect(try JSONTreeDecoder.decode(Spelled.self, from: json).composed == 1)
  }

  @Test(arguments: ["[", "{\"a\":"])
  func aMillionLevelsAreRefused(opening: String) {
    let json = Array(String(repeating: opening, count: 1_000_000).utf8)
    #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(json) }
  }

  /// What is damaged at random is read or refused, and read alike by Foundation where both read it.
  @Test func damagedTextIsReadOrRefused() {
    let chance = SeededRandomSource(seed: 23)
    let whole = Array(#"{"a":[1,-2.5e3,true,null,"x\u00e9\n\ud83d\ude00"],"b":{"c":{}},"data":[[]]}"#.utf8)
    var read = 0
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0...chance.next() % 4 {
        let place = Int(chance.next() % UInt64(bytes.count))
        switch chance.next() % 3 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: chance.next())
        case 1: bytes.remove(at: place)
        default: bytes.insert(whole[Int(chance.next() % UInt64(whole.count))], at: place)
        }
      }
      let value = try? JSONParser.parse(bytes)
      if value != nil {
        read += 1
        let isKnown =
          (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
        #expect(isKnown, "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
    #expect(read > 100)
  }
}

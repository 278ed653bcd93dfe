import NIOCore
import Testing

@testable import ResilienceRedis

@Suite struct RESPParserTests {
  private static let replies: [(bytes: String, value: RESPValue)] = [
    ("+OK\r\n", .simple("OK")), ("+\r\n", .simple("")), ("-ERR no\r\n", .error("ERR no")),
    (":-12\r\n", .integer(-12)), ("$3\r\na\rb\r\n", .bulk(ByteBuffer(string: "a\rb"))),
    ("$0\r\n\r\n", .bulk(ByteBuffer())), ("$-1\r\n", .null), ("*-1\r\n", .null), ("*0\r\n", .array([])),
    (
      "*3\r\n*2\r\n:1\r\n$1\r\nx\r\n*0\r\n$-1\r\n",
      .array([.array([.integer(1), .bulk(ByteBuffer(string: "x"))]), .array([]), .null])
    ),
  ]

  @Test(arguments: [1, 2, 3, 7, 1000]) func readsRepliesThatComeInPieces(size: Int) throws {
    let bytes = Array(Self.replies.map(\.bytes).joined().utf8)
    var parser = RESPParser(maxReplyBytes: 4096)
    var values: [RESPValue] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      var piece = ByteBuffer(bytes: bytes[start..<min(bytes.count, start + size)])
      parser.add(&piece)
      while let value = try parser.next() { values.append(value) }
    }
    #expect(values == Self.replies.map(\.value))
  }

  @Test(arguments: [
    "hello\r\n", "\r\n", "\n", ":\r\n", ":1x\r\n", ":99999999999999999999\r\n", "$-2\r\n", "$x\r\n",
    "$1\r\nab\r\n",
    "$99999999999999999999\r\n", "$5000\r\n", "*5000\r\n", "*-7\r\n", "+a\n", "*2\r\n:1\r\n?\r\n",
    "$2\r\nabXY",
    String(repeating: "*1\r\n", count: 40), "+" + String(repeating: "a", count: 70_000),
    "*9223372036854775807\r\n",
  ])
  func refusesWhatIsNoReply(text: String) {
    var parser = RESPParser(maxReplyBytes: 4096)
    var bytes = ByteBuffer(string: text)
    parser.add(&bytes)
    #expect(throws: RESPParser.Malformed.self) { while try parser.next() != nil {} }
  }

  @Test func aReplyIsNoLongerThanItMayBe() throws {
    let long =
      "*20\r\n" + String(repeating: "$100\r\n" + String(repeating: "x", count: 100) + "\r\n", count: 20)
    for (limit, isRead) in [(2000, false), (10_000, true)] {
      var parser = RESPParser(maxReplyBytes: limit)
      var bytes = ByteBuffer(string: long)
      parser.add(&bytes)
      let reply = try? parser.next()
      #expect((reply != nil) == isRead)
    }
  }

  @Test func noBytesTrap() {
    var random = SystemRandomNumberGenerator()
    let likely = Array("+-:$*0123456789\r\n\r\n\r\n ab".utf8)
    for _ in 0..<20_000 {
      var parser = RESPParser(maxReplyBytes: 1024)
      let bytes = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        Bool.random(using: &random) ? likely.randomElement()! : UInt8.random(in: 0...255, using: &random)
      }
      for byte in bytes {
        var piece = ByteBuffer(bytes: [byte])
        parser.add(&piece)
        do { while try parser.next() != nil {} } catch { break }
      }
    }
  }

  @Test func namesAScriptAsRedisDoes() {
    #expect(SHA1.hexadecimal("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(SHA1.hexadecimal("return 1") == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
    #expect(
      SHA1.hexadecimal("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
  }
}

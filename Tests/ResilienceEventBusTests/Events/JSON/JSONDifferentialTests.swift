import Foundation
import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// Our coding beside Foundation's: each reads what the other writes, and what one reads of it is the same.
@Suite struct JSONDifferentialTests {
  enum Shape: Codable, Hashable {
    case point
    case circle(radius: Double)
    case polygon([Int], name: String?)
  }

  enum Colour: String, Codable, Hashable { case red, green }

  struct Everything: Codable, Hashable {
    var int: Int
    var int8: Int8
    var uint64: UInt64
    var double: Double
    var float: Float
    var bool: Bool
    var text: String
    var none: Int?
    var some: String?
    var date: Date
    var colour: Colour
    var shapes: [Shape]
    var byName: [String: Int]
    var byNumber: [Int: String]
    var nested: [[String: [Int?]]]
    var set: Set<Int>
    var identifier: UUID
  }

  class Animal: Codable {
    var name = "animal"
    init() {}
  }

  final class Dog: Animal {
    var barks = 3
    enum CodingKeys: CodingKey { case barks }

    override init() { super.init() }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      barks = try container.decode(Int.self, forKey: .barks)
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(barks, forKey: .barks)
      try super.encode(to: container.superEncoder())
    }
  }

  /// Every kind of nested container, filled out of turn.
  struct Odd: Codable, Hashable {
    enum Keys: CodingKey { case list, object, parent, twice }
    var value: Int

    init(value: Int) { self.value = value }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      var list = try container.nestedUnkeyedContainer(forKey: .list)
      let first = try list.decode(Int.self)
      var inner = try list.nestedUnkeyedContainer()
      let second = try inner.decode(Int.self)
      let isNil = try list.decodeNil()
      let object = try list.nestedContainer(keyedBy: Keys.self)
      let third = try object.decode(Int.self, forKey: .twice)
      let fourth = try Int(from: list.superDecoder())
      guard list.isAtEnd, isNil, first == second, third == fourth, first == third else {
        throw CocoaError(.coderReadCorrupt)
      }
      value = try Int(from: container.superDecoder(forKey: .parent))
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      var list = container.nestedUnkeyedContainer(forKey: .list)
      let parent = container.superEncoder(forKey: .parent)
      try container.encode(0, forKey: .twice)
      try list.encode(value)
      var inner = list.nestedUnkeyedContainer()
      try list.encodeNil()
      try inner.encode(value)
      var object = list.nestedContainer(keyedBy: Keys.self)
      try value.encode(to: list.superEncoder())
      try object.encode(value, forKey: .twice)
      try value.encode(to: parent)
      try container.encode(1, forKey: .twice)
    }
  }

  private static let texts = [
    "", "a", "\u{0}\u{1F}\u{7F}", "\"\\/\u{8}\u{C}\n\r\t", "é", "e\u{301}", "日本語", "👩‍👩‍👧", "\u{10FFFF}",
    "\u{2028}",
  ]

  private static func random(_ chance: some RandomSource) -> Everything {
    func pick(_ count: Int) -> Int { Int(chance.next() % UInt64(count)) }
    func number() -> Double {
      let value = Double(bitPattern: chance.next())
      return value.isFinite ? value : 0.1
    }
    func shape() -> Shape {
      switch pick(3) {
      case 0: .point
      case 1: .circle(radius: number())
      default: .polygon((0..<pick(4)).map { _ in pick(100) }, name: pick(2) == 0 ? nil : texts[pick(10)])
      }
    }
    let float = Float(bitPattern: UInt32(truncatingIfNeeded: chance.next()))
    return Everything(
      int: Int(truncatingIfNeeded: chance.next()) >> pick(64), int8: Int8(truncatingIfNeeded: chance.next()),
      uint64: chance.next() >> UInt64(pick(64)), double: number(), float: float.isFinite ? float : 1,
      bool: pick(2) == 0, text: texts[pick(10)] + texts[pick(10)], none: nil, some: texts[pick(10)],
      date: Date(timeIntervalSinceReferenceDate: number()), colour: pick(2) == 0 ? .red : .green,
      shapes: (0..<pick(4)).map { _ in shape() }, byName: ["a": pick(9), "b \(pick(9))": 1],
      byNumber: [pick(9): "x", 10 + pick(9): "y"], nested: [[:], ["k": [nil, pick(9)]]],
      set: [pick(9), pick(9)], identifier: UUID())
  }

  @Test func tenThousandRandomValuesAreReadByEitherSide() throws {
    let chance = SeededRandomSource(seed: 17)
    for _ in 0..<10_000 {
      let value = Self.random(chance)
      let ours = try JSONTreeEncoder.encode(value)
      #expect(try JSONDecoder().decode(Everything.self, from: Data(ours)) == value)
      #expect(try JSONTreeDecoder.decode(Everything.self, from: ours) == value)
      let theirs = try JSONEncoder().encode(value)
      #expect(try JSONTreeDecoder.decode(Everything.self, from: Array(theirs)) == value)
    }
  }

  @Test func superclassesAndNestedContainersAreWrittenAsFoundationDoes() throws {
    let dog = Dog()
    dog.name = "Rex"
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try JSONTreeEncoder.encode(dog) == Array(encoder.encode(dog)))
    #expect(try JSONTreeDecoder.decode(Dog.self, from: JSONTreeEncoder.encode(dog)).name == "Rex")
    let odd = Odd(value: 7)
    let text = String(decoding: try JSONTreeEncoder.encode(odd), as: UTF8.self)
    #expect(text == #"{"list":[7,[7],null,{"twice":7},7],"parent":7,"twice":1}"#)
    #expect(try JSONTreeDecoder.decode(Odd.self, from: Array(text.utf8)) == odd)
    #expect(try JSONDecoder().decode(Odd.self, from: Data(text.utf8)) == odd)
  }

  @Test func whatIsNoObjectIsWrittenToo() throws {
    for (written, text) in [
      (try JSONTreeEncoder.encode(5), "5"), (try JSONTreeEncoder.encode("a"), "\"a\""),
      (try JSONTreeEncoder.encode(Int?.none), "null"), (try JSONTreeEncoder.encode([Int]()), "[]"),
      (try JSONTreeEncoder.encode(Int128.max), "170141183460469231731687303715884105727"),
      (try JSONTreeEncoder.encode(Colour.red), "\"red\""), (try JSONTreeEncoder.encode(Empty()), "{}"),
    ] {
      #expect(String(decoding: written, as: UTF8.self) == text)
    }
    #expect(try JSONTreeDecoder.decode(Int?.self, from: Array("null".utf8)) == nil)
    #expect(try JSONTreeDecoder.decode(Int128.self, from: JSONTreeEncoder.encode(Int128.min)) == .min)
  }

  struct Empty: Codable {}

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func aNumberThatIsNotFiniteIsRefused(number: Double) {
    #expect(throws: EncodingError.self) { try JSONTreeEncoder.encode([number]) }
    #expect(throws: EncodingError.self) { try JSONEncoder().encode([number]) }
  }

  final class Node: Codable {
    var next: Node?
    init(_ next: Node?) { self.next = next }
  }

  @Test func depthIsLimitedBothWays() throws {
    func chain(_ length: Int) -> Node { (0..<length).reduce(Node(nil)) { node, _ in Node(node) } }
    let deepest = try JSONTreeEncoder.encode(chain(255))
    #expect(try JSONTreeDecoder.decode(Node.self, from: deepest).next != nil)
    #expect(throws: EncodingError.self) { try JSONTreeEncoder.encode(chain(256)) }
    let deeper = Array("{\"next\":".utf8) + deepest + Array("}".utf8)
    #expect(throws: JSONSyntaxError.self) { try JSONTreeDecoder.decode(Node.self, from: deeper) }
  }

  struct Order: Codable {
    struct Line: Codable { let price: Int }
    let lines: [Line]
  }

  @Test(arguments: [
    (#"{"lines":[{"price":"x"}]}"#, "at lines.0.price: expected Int, found a string"),
    (#"{"lines":[{"price":1.5}]}"#, "at lines.0.price: expected Int, found the number 1.5"),
    (#"{"lines":[{"price":9223372036854775808}]}"#, "found the number 9223372036854775808"),
    (#"{"lines":[{"price":null}]}"#, "at lines.0.price: expected Int, found null"),
    (#"{"lines":[{}]}"#, #"at lines.0: there is no "price""#),
    (#"{"lines":{}}"#, "at lines: expected an array, found an object"),
    (#"{"lines":[}"#, "no JSON: no value begins so at byte 10"),
  ])
  func anErrorNamesTheWayToTheValue(json: String, text: String) throws {
    let error = #expect(throws: (any Error).self) {
      try JSONTreeDecoder.decode(Order.self, from: Array(json.utf8))
    }
    let event = UndecodableEvent(type: "t", id: "i", try #require(error))
    #expect(event.problem.contains(text), "\(event.problem)")
  }
}

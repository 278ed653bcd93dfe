import Foundation
import Resilience

/// The id of a trace in OTLP/JSON: 32 hexadecimal digits, not all zero.
struct OTLPTraceID: Decodable {
  var value: TraceID

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = TraceID(text.lowercased()) else {
      throw decoder.refusal("32 hexadecimal digits that are not all zero are needed, not \(text.quoted)")
    }
    self.value = value
  }
}

/// The id of a span: 16 hexadecimal digits; none, or only zeros, mean that there is no span.
struct OTLPSpanID: Decodable {
  var value: UInt64

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    // An integer's own parser takes a sign.
    let isHexadecimal = text.utf8.count == 16 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    guard text.isEmpty || isHexadecimal, let value = UInt64("0" + text, radix: 16) else {
      throw decoder.refusal("16 hexadecimal digits are needed, not \(text.quoted)")
    }
    self.value = value
  }
}

/// An integer of 64 bits, which OTLP/JSON has as a text, and some senders as a number.
struct OTLPInteger<Value: FixedWidthInteger & Decodable>: Decodable {
  var value: Value

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let text = try? container.decode(String.self) else {
      // What it throws for a number that does not fit does not say where.
      guard let number = try? container.decode(Value.self) else {
        throw decoder.refusal("an integer of \(Value.bitWidth) bits is needed")
      }
      value = number
      return
    }
    guard let value = Value(text) else {
      throw decoder.refusal("an integer of \(Value.bitWidth) bits is needed, not \(text.quoted)")
    }
    self.value = value
  }
}

extension OTLPInteger: Sendable where Value: Sendable {}

/// The value of an attribute, as text.
struct OTLPValue: Decodable {
  private struct List: Decodable { var values: [OTLPValue]? }
  private struct Fields: Decodable { var values: [OTLPAttribute]? }
  private enum Key: CodingKey {
    case stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue
  }

  /// Lists of lists go no deeper.
  private static let maxPath = 24

  var text: String

  init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= Self.maxPath else {
      throw decoder.refusal("lists within lists go too deep")
    }
    let container = try decoder.container(keyedBy: Key.self)
    func value<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
      try container.decodeIfPresent(type, forKey: key)
    }
    if let string = try value(String.self, .stringValue) ?? value(String.self, .bytesValue) {
      text = string
    } else if let truth = try value(Bool.self, .boolValue) {
      text = "\(truth)"
    } else if let integer = try value(OTLPInteger<Int64>.self, .intValue) {
      text = "\(integer.value)"
    } else if container.contains(.doubleValue) {
      // "NaN" and "Infinity" are texts.
      text =
        try (try? value(Double.self, .doubleValue)).map { "\($0)" } ?? value(String.self, .doubleValue) ?? ""
    } else if let list = try value(List.self, .arrayValue) {
      text = "[" + (list.values ?? []).map(\.text).joined(separator: ", ") + "]"
    } else if let fields = try value(Fields.self, .kvlistValue) {
      text =
        "{" + (fields.values ?? []).map { "\($0.key): \($0.value?.text ?? "")" }.joined(separator: ", ") + "}"
    } else {
      text = ""
    }
    text = text.clipped(to: CollectedSpan.maxValueBytes)
  }
}

struct OTLPAttribute: Decodable {
  var key: String
  var value: OTLPValue?
}

extension Decoder {
  fileprivate func refusal(_ reason: String) -> DecodingError {
    .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: reason))
  }
}

extension String {
  /// As a part of a sentence.
  fileprivate var quoted: String { "\"\(clipped(to: 60))\"" }
}

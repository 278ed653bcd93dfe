import Configuration

/// A value of a configuration.
enum Setting: Hashable, Sendable {
  case flag(Bool)
  case whole(Int)
  case number(Double)
  case text(String)
  case texts([String])
  /// What no policy takes, such as `null`: in words.
  case other(String)

  /// As a provider has it; `nil` for what no policy takes.
  var value: ConfigValue? {
    switch self {
    case .flag(let flag): ConfigValue(.bool(flag), isSecret: false)
    case .whole(let number): ConfigValue(.int(number), isSecret: false)
    case .number(let number): ConfigValue(.double(number), isSecret: false)
    case .text(let text): ConfigValue(.string(text), isSecret: false)
    case .texts(let texts): ConfigValue(.stringArray(texts), isSecret: false)
    case .other: nil
    }
  }
}

extension Setting: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Int.self) {
      self = .whole(number)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let texts = try? container.decode([String].self) {
      self = .texts(texts)
    } else {
      self = .other(container.decodeNil() ? "null" : "an object or a list")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .flag(let flag): try container.encode(flag)
    case .whole(let number): try container.encode(number)
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .texts(let texts): try container.encode(texts)
    case .other: try container.encodeNil()
    }
  }
}

extension Setting: CustomStringConvertible {
  var description: String {
    switch self {
    case .flag(let flag): "\(flag)"
    case .whole(let number): "\(number)"
    case .number(let number): "\(number)"
    case .text(let text): "\"\(text)\""
    case .texts(let texts): "\(texts)"
    case .other(let text): text
    }
  }
}

extension Setting: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  init(stringLiteral text: String) { self = .text(text) }
  init(integerLiteral number: Int) { self = .whole(number) }
}

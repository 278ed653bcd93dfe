/// What a JSON text holds by itself: everything else encodes itself as these.
protocol JSONPrimitive {
  /// - Returns: `nil` for what JSON has no form for.
  var jsonValue: JSONValue? { get }

  /// - Returns: `nil` when the value is of another kind or out of range.
  init?(jsonValue: JSONValue)
}

extension Bool: JSONPrimitive {
  var jsonValue: JSONValue? { .boolean(self) }

  init?(jsonValue: JSONValue) {
    guard case .boolean(let value) = jsonValue else { return nil }
    self = value
  }
}

extension String: JSONPrimitive {
  var jsonValue: JSONValue? { .string(self) }

  init?(jsonValue: JSONValue) {
    guard case .string(let value) = jsonValue else { return nil }
    self = value
  }
}

extension JSONPrimitive where Self: BinaryFloatingPoint & LosslessStringConvertible {
  var jsonValue: JSONValue? { isFinite ? .number("\(self)") : nil }

  init?(jsonValue: JSONValue) {
    guard case .number(let text) = jsonValue, let value = Self(text), value.isFinite else { return nil }
    self = value
  }
}

extension JSONPrimitive where Self: FixedWidthInteger {
  var jsonValue: JSONValue? { .number("\(self)") }

  init?(jsonValue: JSONValue) {
    guard case .number(let text) = jsonValue else { return nil }
    if let value = Self(text) {
      self = value
    } else if let number = Double(text), abs(number) < 9_007_199_254_740_992,
      let value = Self(exactly: number)
    {
      // 2⁵³: up to here a whole number that is written `1.0` or `1e3` is just that one.
      self = value
    } else {
      return nil
    }
  }
}

extension Double: JSONPrimitive {}
extension Float: JSONPrimitive {}
extension Int: JSONPrimitive {}
extension Int8: JSONPrimitive {}
extension Int16: JSONPrimitive {}
extension Int32: JSONPrimitive {}
extension Int64: JSONPrimitive {}
extension Int128: JSONPrimitive {}
extension UInt: JSONPrimitive {}
extension UInt8: JSONPrimitive {}
extension UInt16: JSONPrimitive {}
extension UInt32: JSONPrimitive {}
extension UInt64: JSONPrimitive {}
extension UInt128: JSONPrimitive {}

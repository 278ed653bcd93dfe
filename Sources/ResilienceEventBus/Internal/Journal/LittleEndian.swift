extension [UInt8] {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  mutating func set(littleEndian value: some FixedWidthInteger, at index: Int) {
    Swift.withUnsafeBytes(of: value.littleEndian) { replaceSubrange(index..<index + $0.count, with: $0) }
  }

  /// The bytes must be there.
  func littleEndian<Value: FixedWidthInteger>(at index: Int, as _: Value.Type = Value.self) -> Value {
    withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: index, as: Value.self)) }
  }
}

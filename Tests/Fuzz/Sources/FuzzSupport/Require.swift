/// Stops the fuzzer, which then keeps the input, unless two things are the same.
public func require<Value: Equatable>(_ one: Value, is other: Value, _ what: StaticString) {
  if one != other { fatalError("\(what): \(one) is not \(other)") }
}

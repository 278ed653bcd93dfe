internal import ResilienceCore

// To hash the two names, on the way in and out, is a quarter of what it takes to carry a trace. Among few
// fields both are found by the lengths of the names, and a new dictionary begins as a copy of one that has
// both.

extension TraceFields {
  @usableFromInline
  init(dictionary: [String: String]) {
    guard let places = Places(in: dictionary, of: 8), let traceparent = places.traceparent else {
      self.init(searching: dictionary)
      return
    }
    let values = dictionary.values
    self.init(
      traceparent: values[traceparent], tracestate: places.tracestate.map { values[$0] } ?? "")
  }

  @usableFromInline
  mutating func move(intoDictionary dictionary: inout [String: String]) {
    if dictionary.capacity == 0 {
      begin(dictionary: &dictionary)
    } else if !tracestate.isEmpty, let places = Places(in: dictionary, of: 64), places.traceparent != nil,
      places.tracestate != nil
    {
      move(to: places, in: &dictionary.values)
    } else {
      set(in: &dictionary)
    }
  }

  private mutating func begin(dictionary: inout [String: String]) {
    if tracestate.isEmpty {
      dictionary = Places.ofTraceparent.dictionary
      move(to: Places.ofTraceparent.places, in: &dictionary.values)
    } else {
      dictionary = Places.ofBoth.dictionary
      move(to: Places.ofBoth.places, in: &dictionary.values)
    }
  }

  /// Without a second owner of the texts on the way.
  @inline(__always)
  private mutating func move(to places: Places, in values: inout [String: String].Values) {
    if let place = places.traceparent { swap(&values[place], &traceparent) }
    if let place = places.tracestate { swap(&values[place], &tracestate) }
  }

  /// Where the two are in a dictionary.
  struct Places {
    private(set) var traceparent: [String: String].Index?
    private(set) var tracestate: [String: String].Index?

    /// - Parameter most: The most fields among which to look: with more, hashing is faster. To write takes a
    ///   look at every name in any case, for those in another case.
    /// - Returns: `nil` when one is there in another case, or there are more fields.
    init?(in dictionary: [String: String], of most: Int) {
      guard dictionary.count <= most else { return nil }
      let end = dictionary.endIndex
      var index = dictionary.startIndex
      while index != end {
        let name = dictionary.keys[index]
        let length = name.utf8.count
        if length == 11 {
          if name == "traceparent" {
            traceparent = index
          } else if name.isEqualButForASCIICase("traceparent") {
            return nil
          }
        } else if length == 10 {
          if name == "tracestate" {
            tracestate = index
          } else if name.isEqualButForASCIICase("tracestate") {
            return nil
          }
        }
        dictionary.formIndex(after: &index)
      }
    }

    /// A place in a dictionary is one in its copies too.
    static let ofBoth = new(["traceparent", "tracestate"])
    static let ofTraceparent = new(["traceparent"])

    private static func new(_ names: [String]) -> (dictionary: [String: String], places: Places) {
      var dictionary = [String: String](minimumCapacity: 4)
      for name in names { dictionary[name] = "" }
      guard let places = Places(in: dictionary, of: 2) else { preconditionFailure("there are two names") }
      return (dictionary, places)
    }
  }
}

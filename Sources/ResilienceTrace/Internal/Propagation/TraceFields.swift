public import ResilienceCore

/// The two fields of a W3C trace, as they are read from a carrier or written into one.
@usableFromInline
struct TraceFields {
  /// Empty when there is none, or several.
  @usableFromInline var traceparent: String

  /// Empty when there is none; several are joined by commas.
  @usableFromInline var tracestate: String

  @inlinable
  init(traceparent: String, tracestate: String) {
    self.traceparent = traceparent
    self.tracestate = tracestate
  }
}

// MARK: - Any carrier

extension TraceFields {
  @inlinable
  @inline(__always)
  init<Carrier: ContextCarrier>(in carrier: Carrier) {
    if Carrier.self == [String: String].self {
      self.init(dictionary: unsafeBitCast(carrier, to: [String: String].self))
    } else {
      self.init(searching: carrier)
    }
  }

  /// Writes both in the place of what is there, and removes a state if there is none to write.
  ///
  /// Mutating, since the texts may be moved out.
  @inlinable
  @inline(__always)
  mutating func move<Carrier: ContextCarrier>(into carrier: inout Carrier) {
    guard Carrier.self == [String: String].self else { return set(in: &carrier) }
    withUnsafeMutableBytes(of: &carrier) { bytes in
      bytes.withMemoryRebound(to: [String: String].self) { move(intoDictionary: &$0[0]) }
    }
  }

  @inlinable
  init(searching carrier: some ContextCarrier) {
    var (count, parent, state) = (0, "", "")
    carrier.forEachValue(forName: "traceparent") { value in
      count += 1
      parent = value
    }
    if count == 1 {
      carrier.forEachValue(forName: "tracestate") { value in
        state = state.isEmpty ? value : state + "," + value
      }
    }
    self.init(traceparent: count == 1 ? parent : "", tracestate: state)
  }

  @inlinable
  func set(in carrier: inout some ContextCarrier) {
    carrier.set(traceparent, forName: "traceparent")
    if tracestate.isEmpty {
      carrier.removeValues(forName: "tracestate")
    } else {
      carrier.set(tracestate, forName: "tracestate")
    }
  }
}

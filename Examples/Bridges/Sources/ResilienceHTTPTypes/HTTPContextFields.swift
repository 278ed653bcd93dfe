public import HTTPTypes
public import Resilience

/// What of a call's context crosses a process boundary, and in which fields: the deadline and the trace.
public struct HTTPContextFields: Sendable {
  /// The field of the deadline; `nil` for none.
  public var deadline: DeadlineField?

  /// The format of the trace; `nil` for none.
  public var propagator: (any ContextPropagator)?

  /// Says what is carried.
  ///
  /// - Parameters:
  ///   - deadline: The field of the deadline; `nil` for none. Default: Envoy's.
  ///   - propagator: The format of the trace; `nil` for none. Default: `traceparent` and `tracestate` of W3C,
  ///     without baggage, which is for one's own services only: `CompositePropagator.w3c` has it too.
  public init(
    deadline: DeadlineField? = .envoy, propagator: (any ContextPropagator)? = W3CTraceContextPropagator()
  ) {
    self.deadline = deadline
    self.propagator = propagator
  }

  /// Writes the context into the fields of a request that goes out, in place of what they had of it.
  ///
  /// - Parameters:
  ///   - context: The call's. Its deadline is written as the time that is left, if it has one.
  ///   - fields: The request's fields.
  ///   - access: How they are written.
  public func write<Fields>(
    _ context: CallContext, into fields: inout Fields, through access: FieldAccess<Fields>
  ) {
    if let deadline {
      // Moved out and in again: a second owner would make the fields copy themselves.
      var carrier = FieldCarrier(consume fields, through: access)
      if context.deadline.isNever {
        carrier.removeValues(forName: deadline.name)
      } else {
        let remaining = context.deadline.remaining(at: context.readClock())
        carrier.set(deadline.value(for: remaining), forName: deadline.name)
      }
      fields = carrier.fields
    }
    if let propagator { propagator.inject(context, into: &fields, through: access) }
  }

  /// Writes the context into the fields of a request that goes out.
  public func write(_ context: CallContext, into fields: inout HTTPFields) {
    write(context, into: &fields, through: .http)
  }

  /// The deadline that a request brings along; never if it brings none, or what it has is no such value.
  ///
  /// - Parameters:
  ///   - fields: The request's fields. Of several values the shortest holds.
  ///   - now: When the request came.
  public func deadline(in fields: HTTPFields, at now: Instant) -> Deadline {
    guard let deadline, let name = HTTPField.Name(known: deadline.name) else { return .never }
    let times = fields[values: name].compactMap { deadline.remaining($0) }
    return times.min().map { Deadline(at: now.advanced(by: $0)) } ?? .never
  }
}

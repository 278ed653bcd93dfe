/// Says how the fields of a type that is not a ``ContextCarrier`` are read and written, so that propagators
/// work on it as it is, without a copy of its fields.
///
/// Written once for each type of fields:
///
/// ```swift
/// extension FieldAccess<HTTPFields> {
///   static let http = FieldAccess(
///     forEachValue: { fields, name, body in
///       if let name = HTTPField.Name(name) { fields[values: name].forEach(body) }
///     },
///     set: { fields, name, value in if let name = HTTPField.Name(name) { fields[name] = value } },
///     remove: { fields, name in if let name = HTTPField.Name(name) { fields[name] = nil } })
/// }
///
/// propagator.inject(.current, into: &request.headerFields, through: .http)
/// ```
public struct FieldAccess<Fields>: Sendable {
  @usableFromInline let read: @Sendable (Fields, String, (String) -> Void) -> Void
  @usableFromInline let write: @Sendable (inout Fields, String, String) -> Void
  @usableFromInline let remove: @Sendable (inout Fields, String) -> Void

  /// Creates an access from three closures; each is called synchronously, with a name in lower case.
  ///
  /// - Parameters:
  ///   - forEachValue: Calls its last argument with each value of a name, in order.
  ///   - set: Replaces all values of a name by one. The arguments are the fields, the name and the value.
  ///   - remove: Removes all values of a name.
  public init(
    forEachValue: @escaping @Sendable (_ fields: Fields, _ name: String, _ body: (String) -> Void) -> Void,
    set: @escaping @Sendable (_ fields: inout Fields, _ name: String, _ value: String) -> Void,
    remove: @escaping @Sendable (_ fields: inout Fields, _ name: String) -> Void
  ) {
    read = forEachValue
    write = set
    self.remove = remove
  }
}

extension FieldAccess<[(name: String, value: String)]> {
  /// Fields as a list of names and values, of which a name may occur more than once; names are compared
  /// without regard to ASCII case.
  public static var pairs: Self {
    FieldAccess(
      forEachValue: { fields, name, body in
        for field in fields where field.name.isEqualButForASCIICase(name) { body(field.value) }
      },
      set: { fields, name, value in
        fields.removeAll { $0.name.isEqualButForASCIICase(name) }
        fields.append((name, value))
      },
      remove: { fields, name in fields.removeAll { $0.name.isEqualButForASCIICase(name) } })
  }
}

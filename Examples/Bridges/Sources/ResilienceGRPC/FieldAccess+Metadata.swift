public import GRPCCore
public import ResilienceCore

extension FieldAccess<Metadata> {
  /// The texts of gRPC's metadata, for any propagator.
  public static var metadata: Self {
    FieldAccess(
      forEachValue: { fields, name, body in fields[stringValues: name].forEach(body) },
      set: { fields, name, value in fields.replaceOrAddString(value, forKey: name) },
      remove: { fields, name in fields.removeAllValues(forKey: name) })
  }
}

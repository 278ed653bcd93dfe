/// The fields of a policy document, read so that whatever is wrong with one is an ``InvalidSetting`` that
/// names it.
///
/// A field that is left out, or `null`, reads as `nil`: the policy then takes the default of its initialiser.
package struct SettingsDecoder<Field: CodingKey & CaseIterable> {
  private let fields: KeyedDecodingContainer<AnyField>
  private let path: [any CodingKey]

  /// Refuses what is no object, and fields that are not among `Field`'s cases.
  package init(_ decoder: any Decoder, _: Field.Type = Field.self) throws {
    path = decoder.codingPath
    let known = Field.allCases.map(\.stringValue)
    guard let fields = try? decoder.container(keyedBy: AnyField.self) else {
      throw InvalidSetting(at: decoder, "made of the fields \(known.joined(separator: ", "))")
    }
    self.fields = fields
    let found = fields.allKeys.map(\.stringValue).sorted()
    guard let unknown = found.first(where: { !known.contains($0) }) else { return }
    throw fault([AnyField(unknown)], "left out, or spelt as one of \(known.joined(separator: ", "))")
  }

  /// Whether the field is there, if only as a `null`.
  package func contains(_ field: Field) -> Bool { fields.contains(AnyField(field.stringValue)) }

  // MARK: - Values

  package func integer(_ field: Field) throws -> Int? { try value(field, "a whole number") }

  package func number(_ field: Field) throws -> Double? { try value(field, "a number") }

  package func flag(_ field: Field) throws -> Bool? { try value(field, "true or false") }

  package func duration(_ field: Field) throws -> Duration? {
    try value(field, as: DurationText.self, DurationText.requirement)?.duration
  }

  package func durations(_ field: Field) throws -> [Duration]? {
    try value(field, as: [DurationText].self, "a list of durations")?.map(\.duration)
  }

  package func choice<Choice: RawRepresentable<String> & CaseIterable>(_ field: Field) throws -> Choice? {
    let requirement = "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))"
    guard let name = try value(field, as: String.self, requirement) else { return nil }
    guard let choice = Choice(rawValue: name) else { throw fault(field, requirement) }
    return choice
  }

  /// A value that says itself what is wrong with it, such as a policy in a policy.
  package func value<Value: Decodable>(
    _ field: Field, as _: Value.Type = Value.self, _ requirement: String = "what this field takes"
  ) throws -> Value? {
    do {
      return try fields.decodeIfPresent(Value.self, forKey: AnyField(field.stringValue))
    } catch let fault as InvalidSetting {
      throw fault
    } catch {
      // Not always a `DecodingError`: Foundation has an error of its own for a number that does not fit.
      throw fault(field, requirement)
    }
  }

  /// For the right-hand side of `??`, where there is no default.
  package func missing<Value>(_ field: Field, _ requirement: String) throws -> Value {
    throw fault(field, requirement)
  }

  // MARK: - Faults

  /// Throws unless `condition` holds.
  package func require(_ condition: Bool, _ field: Field, _ requirement: String) throws {
    guard condition else { throw fault(field, requirement) }
  }

  /// Throws what is wrong with the values, under its whole path and with the value as the document has it.
  package func check(_ fault: InvalidSetting?) throws {
    guard let fault else { return }
    let keys = fault.field.split(separator: ".").map { AnyField(String($0)) }
    throw self.fault(keys, fault.requirement, otherwise: fault.value)
  }

  private func fault(_ field: Field, _ requirement: String) -> InvalidSetting {
    fault([AnyField(field.stringValue)], requirement)
  }

  private func fault(
    _ keys: [AnyField], _ requirement: String, otherwise value: String = "missing"
  ) -> InvalidSetting {
    InvalidSetting(
      field: InvalidSetting.field(path + keys), value: found(keys) ?? value, requirement: requirement)
  }

  private func found(_ keys: [AnyField]) -> String? {
    guard let last = keys.last else { return nil }
    let innermost = keys.dropLast().reduce(fields as KeyedDecodingContainer<AnyField>?) { container, key in
      try? container?.nestedContainer(keyedBy: AnyField.self, forKey: key)
    }
    guard let innermost, innermost.contains(last) else { return nil }
    return try? innermost.decode(FoundValue.self, forKey: last).text
  }
}

extension Decoder {
  /// For a value that is either an object or something shorter.
  package var standsAtObject: Bool { (try? container(keyedBy: AnyField.self)) != nil }
}

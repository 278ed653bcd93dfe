internal import ResilienceCore

/// The name of a kind of event, tied to the type of its payload and to how that becomes bytes.
///
/// Publishers and subscribers share the constant, so that a payload of the wrong type does not compile.
///
/// ```swift
/// enum Topic {
///   static let orderCreated = EventType<OrderCreated>("order_created")
/// }
///
/// try await bus.publish(OrderCreated(number: 536365), as: Topic.orderCreated, subject: "customer 17850")
/// ```
///
/// A `Codable` payload is JSON where an event leaves memory. One that is not, and has no ``EventCoding``,
/// stays in memory: whatever has to write it throws ``NoEventCoding``. Two types of one name and version are
/// equal.
public struct EventType<Payload: Sendable>: Sendable {
  @usableFromInline let erased: EventDefinition

  /// The CloudEvents attribute `type`; not empty.
  public var name: String { erased.name }

  /// The version of the payload's form, from 1.
  public var version: Int { erased.version }

  /// How the payload becomes bytes; `nil` for one that stays in memory.
  public var coding: EventCoding<Payload>? { typed.coding }

  /// Creates a type whose payload stays in memory; a `Codable` payload has an initialiser of its own.
  ///
  /// - Parameters:
  ///   - name: Not empty, without control characters. One name belongs to one payload type; an event whose
  ///     payload is of another one is a dead letter for the subscriber that expected this one.
  ///   - version: The version of the payload's form, 1 or more. Default: 1.
  public init(_ name: String, version: Int = 1) {
    self.init(TypedEventDefinition(name: name, version: version, coding: nil))
  }

  /// Creates a type whose payload is written in a form of its own.
  ///
  /// - Parameters:
  ///   - name: Not empty, without control characters.
  ///   - version: The version of the payload's form, 1 or more. Default: 1.
  ///   - coding: How the payload becomes bytes.
  public init(_ name: String, version: Int = 1, coding: EventCoding<Payload>) {
    self.init(TypedEventDefinition(name: name, version: version, coding: coding))
  }

  init(_ definition: TypedEventDefinition<Payload>) {
    let (name, version) = (definition.name, definition.version)
    precondition(!name.isEmpty, "an event type's name must not be empty, was \"\(name)\"")
    precondition(
      PlainText.forbidden(in: name) == nil,
      "an event type's name must not have control characters, was \"\(name)\"")
    precondition(
      (1...Int(Int32.max)).contains(version), "an event type's version must be 1 to 2³¹ - 1, was \(version)")
    erased = definition
  }

  var typed: TypedEventDefinition<Payload> {
    unsafeDowncast(erased, to: TypedEventDefinition<Payload>.self)
  }
}

extension EventType where Payload: Codable {
  /// Creates a type whose payload is JSON where it leaves memory.
  ///
  /// - Parameters:
  ///   - name: Not empty, without control characters.
  ///   - version: The version of the payload's form, 1 or more. It travels as the extension attribute
  ///     `dataversion`. Default: 1, which is also what events without the attribute are.
  public init(_ name: String, version: Int = 1) {
    self.init(name, version: version, coding: .json)
  }
}

extension EventType: Hashable {
  /// Whether name, by its bytes, and version are the same.
  public static func == (left: EventType, right: EventType) -> Bool {
    left.version == right.version && left.name.isIdentical(to: right.name)
  }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

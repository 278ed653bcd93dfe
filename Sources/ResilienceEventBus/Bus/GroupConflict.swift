/// A subscription was refused, because its group has another policy or another budget.
///
/// The policy belongs to the group: whichever of its subscriptions handles an event, it is delivered as often
/// and as soon again.
public struct GroupConflict: Error, Hashable, CustomStringConvertible {
  /// The events that the group gets.
  public let filter: EventFilter

  /// The group.
  public let group: String

  /// The policy of the group.
  public let present: DeliveryPolicy

  /// The policy that was asked for.
  public let requested: DeliveryPolicy

  /// Names the group and where the two differ.
  public var description: String {
    let differences = present.differences(from: requested)
    return "group \"\(group)\" of \"\(filter)\" was not subscribed to: "
      + (differences.isEmpty
        ? "its retry budget is another one"
        : "it has "
          + differences.map { "\($0.field) \($0.present), not \($0.requested)" }.joined(separator: ", "))
  }
}

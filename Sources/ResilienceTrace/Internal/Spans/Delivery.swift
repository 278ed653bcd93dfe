internal import ResilienceCore

/// One delivery of an event to a group, as the events of a bus tell it.
///
/// This module does not know a bus: whatever emits events named `event_bus.…` with the attributes `id` and
/// `group` is one.
struct Delivery: Hashable {
  let id: String
  let group: String

  /// The delivery that a span stands for; `nil` if its notes tell of none.
  init?(_ notes: [SpanNote]) {
    for note in notes where note.event.name.hasPrefix("event_bus.") {
      var (id, group): (String?, String?)
      for attribute in note.event.attributes {
        guard case .string(let text) = attribute.value else { continue }
        if attribute.name == "id" { id = text }
        if attribute.name == "group" { group = text }
      }
      guard let id, let group else { continue }
      self.id = id
      self.group = group
      return
    }
    return nil
  }
}

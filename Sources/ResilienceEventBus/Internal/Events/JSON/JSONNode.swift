internal import ResilienceCore

/// A place of the text that is being encoded. A class, since a container that was asked for early may be
/// filled later.
final class JSONNode {
  private enum Content {
    case nothing
    case value(JSONValue)
    case array([JSONNode])
    case object([(key: String, node: JSONNode)], index: [Identifier: Int])
  }

  private var content = Content.nothing

  init() {}

  var isEmpty: Bool { if case .nothing = content { true } else { false } }

  /// Elements of the array, 0 for what is none.
  var count: Int { if case .array(let elements) = content { elements.count } else { 0 } }

  func set(_ value: JSONValue) { content = .value(value) }

  func becomeArray() { if case .array = content {} else { content = .array([]) } }

  func becomeObject() { if case .object = content {} else { content = .object([], index: [:]) } }

  func append(_ node: JSONNode) {
    guard case .array(var elements) = content else { return }
    content = .nothing
    elements.append(node)
    content = .array(elements)
  }

  /// The last value of a key counts, in the place of the first.
  func set(_ node: JSONNode, for key: String) {
    guard case .object(var members, var index) = content else { return }
    content = .nothing
    if let known = index[Identifier(key)] {
      members[known].node = node
    } else {
      index[Identifier(key)] = members.count
      members.append((key, node))
    }
    content = .object(members, index: index)
  }

  func write(to writer: inout JSONWriter) {
    switch content {
    case .nothing: writer.object { _ in }
    case .value(.string(let text)): writer.string(text)
    case .value(.number(let text)): writer.value(text.utf8)
    case .value(.boolean(let value)): writer.boolean(value)
    case .value: writer.value("null".utf8)
    case .array(let elements):
      writer.array { for element in elements { element.write(to: &$0) } }
    case .object(let members, _):
      writer.object { writer in
        for member in members {
          writer.key(named: member.key)
          member.node.write(to: &writer)
        }
      }
    }
  }
}

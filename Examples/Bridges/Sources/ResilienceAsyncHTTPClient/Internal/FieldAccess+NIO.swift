internal import NIOHTTP1
internal import Resilience

extension FieldAccess<HTTPHeaders> {
  static let nio = FieldAccess(
    forEachValue: { fields, name, body in fields[name].forEach(body) },
    set: { fields, name, value in fields.replaceOrAdd(name: name, value: value) },
    remove: { fields, name in fields.remove(name: name) })
}

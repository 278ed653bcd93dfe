import Foundation
import Yams

/// As much of OpenAPI 3.1 as the document of this package has.
struct OpenAPIDocument {
  private let root: [String: Any]

  /// The document of the package.
  init() throws {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: package.appending(path: "openapi.yaml"), encoding: .utf8)
    root = try Yams.load(yaml: text) as? [String: Any] ?? [:]
  }

  /// `POST /orders/ 201` and its like: every answer that is described.
  var answers: Set<String> {
    var answers: Set<String> = []
    for (path, methods) in root["paths"] as? [String: [String: Any]] ?? [:] {
      for (method, operation) in methods {
        let responses = (operation as? [String: Any])?["responses"] as? [String: Any] ?? [:]
        for status in responses.keys { answers.insert("\(method.uppercased()) \(path) \(status)") }
      }
    }
    return answers
  }

  /// What is wrong with an answer, each in a sentence.
  func faults(of body: Data, to method: String, _ path: String, _ status: Int) throws -> [String] {
    let operation = find(["paths", path, method.lowercased(), "responses", "\(status)"])
    guard let schema = find(["content", "application/json", "schema"], in: operation) else {
      return ["\(method) \(path) \(status) is not described"]
    }
    return faults(of: try JSONSerialization.jsonObject(with: body), by: schema, at: "body")
  }

  /// What is wrong with a request, each in a sentence.
  ///
  /// - Parameter body: `nil` for a request without one.
  func faults(
    ofRequest body: Data?, key: String?, to method: String, _ path: String
  ) throws -> [String] {
    let operation = find(["paths", path, method.lowercased()])
    var faults: [String] = []
    let parameters = (operation?["parameters"] as? [Any] ?? []).compactMap { resolved($0) }
    if parameters.contains(where: { $0["name"] as? String == "Idempotency-Key" }) != (key != nil) {
      faults.append("Idempotency-Key is \(key == nil ? "missing" : "not described")")
    }
    let schema = find(["requestBody", "content", "application/json", "schema"], in: operation)
    switch (schema, body) {
    case (nil, nil): break
    case (let schema?, let body?):
      faults += self.faults(of: try JSONSerialization.jsonObject(with: body), by: schema, at: "body")
    case (nil, _): faults.append("a body is not described")
    case (_, nil): faults.append("the body is missing")
    }
    return faults
  }

  private func find(_ path: [String], in start: [String: Any]? = nil) -> [String: Any]? {
    path.reduce(start ?? root) { found, name in resolved(found?[name]) }
  }

  private func resolved(_ value: Any?) -> [String: Any]? {
    guard let value = value as? [String: Any] else { return nil }
    guard let reference = value["$ref"] as? String else { return value }
    return find(reference.split(separator: "/").dropFirst().map(String.init))
  }

  private func faults(of value: Any, by schema: [String: Any], at place: String) -> [String] {
    var faults: [String] = []
    switch schema["type"] as? String {
    case "object":
      guard let object = value as? [String: Any] else { return ["\(place) is no object"] }
      let properties = schema["properties"] as? [String: Any] ?? [:]
      for name in schema["required"] as? [String] ?? [] where object[name] == nil {
        faults.append("\(place) has no \(name)")
      }
      for (name, member) in object {
        guard let property = resolved(properties[name]) else {
          if schema["additionalProperties"] as? Bool == false {
            faults.append("\(place).\(name) is not described")
          }
          continue
        }
        faults += self.faults(of: member, by: property, at: "\(place).\(name)")
      }
    case "array":
      guard let array = value as? [Any] else { return ["\(place) is no array"] }
      faults += outside(array.count, schema["minItems"], schema["maxItems"], at: "\(place).count")
      guard let items = resolved(schema["items"]) else { return ["\(place) has items of no schema"] }
      for (index, item) in array.enumerated() {
        faults += self.faults(of: item, by: items, at: "\(place)[\(index)]")
      }
    case "string":
      guard let text = value as? String else { return ["\(place) is no string"] }
      if let allowed = schema["enum"] as? [String], !allowed.contains(text) {
        faults.append("\(place) is \"\(text)\", which is not one of \(allowed)")
      }
      faults += outside(
        text.unicodeScalars.count, schema["minLength"], schema["maxLength"], at: "\(place).length")
    case "integer":
      guard let number = value as? Int else { return ["\(place) is no integer"] }
      faults += outside(number, schema["minimum"], schema["maximum"], at: place)
    case let type:
      faults.append("\(place) is of type \(type ?? "none"), which this checker does not know")
    }
    return faults
  }

  private func outside(_ number: Int, _ least: Any?, _ most: Any?, at place: String) -> [String] {
    if let least = least as? Int, number < least { return ["\(place) is below \(least)"] }
    if let most = most as? Int, number > most { return ["\(place) is above \(most)"] }
    return []
  }
}

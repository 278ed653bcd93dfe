let names = CommandLine.arguments.dropFirst()
let unknown = names.filter { name in !examples.contains { $0.name == name } }

if names.contains("--list") || names.contains("--help") || !unknown.isEmpty {
  for name in unknown where !name.hasPrefix("--") { print("there is no example \"\(name)\"; there are:") }
  for example in examples { print("  \(example.name): \(example.title)") }
} else {
  for example in examples where names.isEmpty || names.contains(example.name) {
    print("— \(example.title) (\(example.name))")
    try await example.run { text in
      for line in text.split(separator: "\n") { print("  \(line)") }
    }
    print()
  }
}

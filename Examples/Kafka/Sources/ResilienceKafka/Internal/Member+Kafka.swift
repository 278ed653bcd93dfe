internal import CRdkafka

// What Kafka gives and takes, and what is committed. All of it on the member's thread.

extension Member {
  /// Kafka waits for the answer, which may come later: what is taken away goes when nothing of it is held.
  func rebalance(
    _ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    let numbers = list.map { list in
      (0..<Int(list.pointee.cnt)).map { list.pointee.elems[$0].partition }
    }
    switch code {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
      toAssign = numbers ?? []
      wasLetIn = true
      refusal = nil
      assignAt = 0
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      toRevoke = numbers ?? []
      for number in toRevoke ?? [] { partitions[number]?.isDraining = true }
      commits.flushPassed(toRevoke ?? [])
      revokedAt = monotonicMilliseconds()
      if rd_kafka_assignment_lost(client.handle) != 0 { unassign() }
    default:
      toRevoke = Array(partitions.keys)
      unassign()
      rd_kafka_assign(client.handle, nil)
    }
    if isClosing { answerForTheEnd() }
  }

  /// A client that has no answer does not close.
  func answerForTheEnd() {
    unassign()
    guard let numbers = toAssign else { return }
    toAssign = nil
    let list = PartitionList(capacity: numbers.count)
    for number in numbers { list.add(topics.events, number, offset: Int64(RD_KAFKA_OFFSET_INVALID)) }
    answer(list)
  }

  private func answer(_ list: PartitionList) {
    if let error = rd_kafka_incremental_assign(client.handle, list.pointer) { rd_kafka_error_destroy(error) }
  }

  func moveOn() {
    if let numbers = toRevoke, numbers.allSatisfy({ (partitions[$0]?.held ?? 0) == 0 }) {
      // Kafka may refuse to commit in a rebalance: nobody waits for what was only passed over.
      let isLate = monotonicMilliseconds() >= revokedAt + 1000 && !commits.hasWaiting
      if isLate || !commits.involves(numbers) { unassign() }
    }
    if let numbers = toAssign, monotonicMilliseconds() >= assignAt, toRevoke == nil { assign(numbers) }
  }

  /// What was received of them and is not settled is stale from here on.
  func unassign() {
    guard let numbers = toRevoke else { return }
    toRevoke = nil
    let list = PartitionList(capacity: numbers.count)
    for number in numbers {
      list.add(topics.events, number, offset: Int64(RD_KAFKA_OFFSET_INVALID))
      partitions[number] = nil
    }
    receipts = receipts.filter { partitions[$0.value] != nil }
    commits.forget(numbers)
    // librdkafka keeps the pause of a partition that it loses, and gives nothing of it when it comes back.
    rd_kafka_resume_partitions(client.handle, list.pointer)
    if let error = rd_kafka_incremental_unassign(client.handle, list.pointer) {
      rd_kafka_error_destroy(error)
    }
  }

  private func assign(_ numbers: [Int32]) {
    let list = PartitionList(capacity: numbers.count)
    for number in numbers { list.add(topics.events, number, offset: Int64(RD_KAFKA_OFFSET_INVALID)) }
    if !numbers.isEmpty {
      let timeout = Int32(min(2000, policy.timeout.milliseconds))
      let code = rd_kafka_committed(client.handle, list.pointer, timeout)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR,
        list.elements.allSatisfy({ $0.err == RD_KAFKA_RESP_ERR_NO_ERROR })
      else {
        assignAt = monotonicMilliseconds() + 250
        return
      }
    }
    toAssign = nil
    for index in list.elements.indices {
      let element = list.elements[index]
      let base = element.offset >= 0 ? element.offset : start(of: element.partition)
      var progress = PartitionProgress(base: base, end: base, unsettled: [])
      if element.offset >= 0, let metadata = element.metadata {
        let bytes = UnsafeRawBufferPointer(start: metadata, count: element.metadata_size)
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        progress = PartitionProgress(base: base, metadata: text) ?? progress
      }
      partitions[element.partition] = PartitionState(progress)
      list.elements[index].offset = base
    }
    answer(list)
  }

  func commitIfDue() {
    commits.timeout = policy.timeout.milliseconds
    guard let numbers = commits.begin() else { return }
    let present = numbers.filter { partitions[$0] != nil }
    guard present.count == numbers.count else {
      let failure = KafkaError(.failed, "commit", "a partition was taken away")
      commits.finish(failure, isFinal: true)
      return commits.flush(Array(present))
    }
    guard !present.isEmpty else { return commits.finish(nil) }
    let list = PartitionList(capacity: present.count)
    for number in present.sorted() {
      guard let progress = partitions[number]?.progress else { continue }
      list.add(topics.events, number, offset: progress.base, metadata: progress.metadata)
    }
    let queue = rd_kafka_queue_get_consumer(client.handle)
    defer { rd_kafka_queue_destroy(queue) }
    let code = rd_kafka_commit_queue(
      client.handle, list.pointer, queue,
      { client, code, list, opaque in
        guard let opaque else { return }
        Unmanaged<Box>.fromOpaque(opaque).takeUnretainedValue().member?.committed(code, list)
        rd_kafka_yield(client)
      }, Unmanaged.passUnretained(box).toOpaque())
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { commits.finish(KafkaError(code, "commit")) }
  }

  private func committed(
    _ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    var code = code
    if code == RD_KAFKA_RESP_ERR_NO_ERROR, let list {
      for index in 0..<Int(list.pointee.cnt) where code == RD_KAFKA_RESP_ERR_NO_ERROR {
        code = list.pointee.elems[index].err
      }
    }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return commits.finish(nil) }
    let failure = KafkaError(code, "commit")
    commits.finish(failure)
    guard toRevoke != nil else { return }
    switch code {
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      // The group went on without us.
      unassign()
    default:
      // Kafka may take no commit before the partitions are given up.
      commits.failHandOuts(failure)
    }
  }
}

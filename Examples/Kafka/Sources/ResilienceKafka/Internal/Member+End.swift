internal import CRdkafka

// How a consumer ends. All of it on the member's thread.

extension Member {
  func finish() {
    for waiter in waiting { waiter.completion(.failure(sessionEnded)) }
    waiting = []
    if end == .leave { commitTheRest() }
    commits.fail(sessionEnded)
    for command in inbox.close() { command.refuse(sessionEnded) }
    isClosing = true
    if end != .abandoned {
      waitUntilLetIn()
      answerForTheEnd()
    }
    partitions = [:]
    receipts = [:]
    if end == .abandoned {
      rd_kafka_destroy_flags(client.handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    } else {
      rd_kafka_consumer_close(client.handle)
      rd_kafka_destroy(client.handle)
    }
    onEnd(self)
    ended.open()
  }

  /// What was handed out and is not settled comes again with its count; within the time limit.
  private func commitTheRest() {
    let deadline = monotonicMilliseconds() + policy.timeout.milliseconds
    commits.flush(Array(partitions.keys))
    while commits.isBusy || commits.isDirty, monotonicMilliseconds() < deadline {
      commitIfDue()
      while let message = rd_kafka_consumer_poll(client.handle, 20) { rd_kafka_message_destroy(message) }
      if rd_kafka_assignment_lost(client.handle) != 0 { return }
    }
  }

  /// One that leaves while Kafka lets it in stays a member there until its session ends, and keeps the others
  /// waiting.
  private func waitUntilLetIn() {
    let deadline = monotonicMilliseconds() + min(5000, policy.timeout.milliseconds)
    while !wasLetIn, monotonicMilliseconds() < deadline {
      while let message = rd_kafka_consumer_poll(client.handle, 20) { rd_kafka_message_destroy(message) }
    }
  }
}

// What Guava takes for the same work, a line each: nanoseconds of one operation, the best of many samples, and its name.

import com.google.common.util.concurrent.RateLimiter;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Semaphore;

public final class Peers {
  interface Loop {
    long run(int count) throws Exception;
  }

  static volatile long sink;

  /** Prints the least of 31 samples of some 4 ms, after a second in which the compiler has seen it. */
  static void best(String name, Loop loop) throws Exception {
    int count = 1000;
    for (long end = System.nanoTime() + 1_000_000_000L; System.nanoTime() < end; ) sink = loop.run(count);
    for (long begin = System.nanoTime(); ; begin = System.nanoTime()) {
      sink = loop.run(count);
      if (System.nanoTime() - begin > 2_000_000L) break;
      count *= 2;
    }
    double least = Double.MAX_VALUE;
    for (int sample = 0; sample < 31; sample++) {
      long begin = System.nanoTime();
      sink = loop.run(count);
      least = Math.min(least, (double) (System.nanoTime() - begin) / count);
    }
    System.out.printf("%.1f\t%s%n", least, name);
  }

  public static void main(String[] arguments) throws Exception {
    RateLimiter full = RateLimiter.create(1e9);
    best("Guava RateLimiter: permit", count -> {
      long acquired = 0;
      for (int index = 0; index < count; index++) if (full.tryAcquire()) acquired++;
      return acquired;
    });
    RateLimiter empty = RateLimiter.create(1.0 / 3600);
    empty.tryAcquire();
    best("Guava RateLimiter: refusal", count -> {
      long refused = 0;
      for (int index = 0; index < count; index++) if (!empty.tryAcquire()) refused++;
      return refused;
    });
    Semaphore semaphore = new Semaphore(100);
    best("Java Semaphore: enter and leave", count -> {
      long entered = 0;
      for (int index = 0; index < count; index++)
        if (semaphore.tryAcquire()) {
          entered++;
          semaphore.release();
        }
      return entered;
    });
    ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(1024);
    best("Java ArrayBlockingQueue of 1 024: one way", count -> {
      Thread consumer = new Thread(() -> {
        long sum = 0;
        try {
          for (int index = 0; index < count; index++) sum += queue.take();
        } catch (InterruptedException end) {
          return;
        }
        sink = sum;
      });
      consumer.start();
      for (int index = 0; index < count; index++) queue.put(index & 63);
      consumer.join();
      return count;
    });
  }
}

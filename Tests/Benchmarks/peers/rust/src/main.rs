// What tower and tokio take for the same work, a line each: nanoseconds of one operation, the best of many samples, and its
// name.

use std::future::{ready, Future, Ready};
use std::hint::black_box;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tower::{service_fn, Service, ServiceBuilder, ServiceExt};

/// Prints the least of 31 samples of some 4 ms, as our own rows are measured.
async fn best<F, R>(name: &str, mut run: F)
where
    F: FnMut(usize) -> R,
    R: Future<Output = ()>,
{
    let mut count = 1;
    loop {
        let begin = Instant::now();
        run(count).await;
        if begin.elapsed() > Duration::from_millis(2) {
            break;
        }
        count *= 2;
    }
    let mut least = f64::INFINITY;
    for _ in 0..31 {
        let begin = Instant::now();
        run(count).await;
        least = least.min(begin.elapsed().as_nanos() as f64 / count as f64);
    }
    println!("{:.1}\t{}", least, name);
}

#[derive(Clone)]
struct Attempts(usize);

impl tower::retry::Policy<u64, u64, String> for Attempts {
    type Future = Ready<Self>;

    fn retry(&self, _: &u64, result: Result<&u64, &String>) -> Option<Self::Future> {
        match result {
            Err(_) if self.0 > 0 => Some(ready(Attempts(self.0 - 1))),
            _ => None,
        }
    }

    fn clone_request(&self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

async fn calls<S>(mut service: S, count: usize)
where
    S: Service<u64, Response = u64>,
{
    for number in 0..count {
        if let Ok(ready) = service.ready().await {
            let _ = black_box(ready.call(number as u64).await);
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let plain = service_fn(|input: u64| async move { Ok::<u64, String>(black_box(input) + 1) });
    best("tower: call", |count| calls(plain, count)).await;
    let retried = ServiceBuilder::new().retry(Attempts(2)).service(plain);
    best("tower: retry, success", |count| calls(retried.clone(), count)).await;
    let limited = ServiceBuilder::new().concurrency_limit(20).service(plain);
    best("tower: concurrency limit, call", |count| calls(limited.clone(), count)).await;
    let timed = ServiceBuilder::new().timeout(Duration::from_secs(1)).service(plain);
    best("tower: timeout, work that finishes at once", |count| calls(timed.clone(), count)).await;
    best("tokio: mpsc and oneshot, each acknowledged before the next", |count| async move {
        let (sender, mut receiver) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(1024);
        let task = tokio::spawn(async move {
            while let Some((number, reply)) = receiver.recv().await {
                let _ = reply.send(number + 1);
            }
        });
        for number in 0..count {
            let (reply, answer) = oneshot::channel();
            sender.send((number as u64, reply)).await.unwrap();
            black_box(answer.await.unwrap());
        }
        drop(sender);
        task.await.unwrap();
    })
    .await;
    best("tokio: mpsc of 1 024, one way", |count| async move {
        let (sender, mut receiver) = mpsc::channel::<u64>(1024);
        let task = tokio::spawn(async move {
            let mut sum = 0;
            while let Some(number) = receiver.recv().await {
                sum += number;
            }
            black_box(sum);
        });
        for number in 0..count {
            sender.send(number as u64).await.unwrap();
        }
        drop(sender);
        task.await.unwrap();
    })
    .await;
}

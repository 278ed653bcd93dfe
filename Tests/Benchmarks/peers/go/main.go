// What libraries of Go take for the same work, a line each: nanoseconds of one operation, the best of many samples, and its
// name.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/avast/retry-go"
	"github.com/cenkalti/backoff"
	"github.com/juju/ratelimit"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/time/rate"
)

// best prints the least of 31 samples of some 4 ms, as our own rows are measured.
func best(name string, loop func(count int)) {
	count := 1
	for {
		begin := time.Now()
		loop(count)
		if time.Since(begin) > 2*time.Millisecond {
			break
		}
		count *= 2
	}
	least := 1e18
	for sample := 0; sample < 31; sample++ {
		begin := time.Now()
		loop(count)
		if each := float64(time.Since(begin).Nanoseconds()) / float64(count); each < least {
			least = each
		}
	}
	fmt.Printf("%.1f\t%s\n", least, name)
}

//go:noinline
func work(input int) (int, error) { return input + 1, nil }

func main() {
	full := rate.NewLimiter(1e9, 1<<30)
	best("x/time/rate: permit", func(count int) {
		for range make([]struct{}, count) {
			if !full.Allow() {
				panic("refused")
			}
		}
	})
	empty := rate.NewLimiter(rate.Every(time.Hour), 1)
	empty.Allow()
	best("x/time/rate: refusal", func(count int) {
		for range make([]struct{}, count) {
			if empty.Allow() {
				panic("permitted")
			}
		}
	})
	bucket := ratelimit.NewBucketWithRate(1e9, 1<<40)
	best("juju/ratelimit: permit", func(count int) {
		for range make([]struct{}, count) {
			if bucket.TakeAvailable(1) != 1 {
				panic("refused")
			}
		}
	})
	keys := make([]string, 100000)
	var limiters sync.Map
	for index := range keys {
		keys[index] = fmt.Sprintf("customer-%d", index)
		limiters.Store(keys[index], rate.NewLimiter(1e9, 1<<30))
	}
	best("x/time/rate in a sync.Map: 100 000 string keys, random", func(count int) {
		random := uint64(1)
		for range make([]struct{}, count) {
			random = random*6364136223846793005 + 1442695040888963407
			limiter, _ := limiters.Load(keys[(random>>33)%100000])
			limiter.(*rate.Limiter).Allow()
		}
	})
	best("avast/retry-go: success", func(count int) {
		for index := 0; index < count; index++ {
			_ = retry.Do(func() error { _, err := work(index); return err })
		}
	})
	best("cenkalti/backoff: success", func(count int) {
		for index := 0; index < count; index++ {
			_ = backoff.Retry(func() error { _, err := work(index); return err }, backoff.NewExponentialBackOff())
		}
	})
	failed := errors.New("failed")
	best("avast/retry-go: third attempt succeeds, no wait", func(count int) {
		for index := 0; index < count; index++ {
			attempt := 0
			_ = retry.Do(func() error {
				attempt++
				if attempt < 3 {
					return failed
				}
				return nil
			}, retry.Attempts(3), retry.Delay(0), retry.DelayType(retry.FixedDelay))
		}
	})
	best("context.WithTimeout: work that finishes at once", func(count int) {
		for index := 0; index < count; index++ {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_, _ = work(index)
			cancel()
			_ = ctx
		}
	})
	unsampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("benchmark")
	best("opentelemetry-go: span, not sampled", func(count int) {
		for range make([]struct{}, count) {
			_, span := unsampled.Start(context.Background(), "benchmark")
			span.End()
		}
	})
	sampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample())).Tracer("benchmark")
	best("opentelemetry-go: span, sampled", func(count int) {
		for range make([]struct{}, count) {
			_, span := sampled.Start(context.Background(), "benchmark")
			span.End()
		}
	})
	channel := make(chan int, 1024)
	done := make(chan int)
	best("Go channel of 1 024: one way", func(count int) {
		go func() {
			sum := 0
			for index := 0; index < count; index++ {
				sum += <-channel
			}
			done <- sum
		}()
		for index := 0; index < count; index++ {
			channel <- index
		}
		<-done
	})
}

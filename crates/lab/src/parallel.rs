//! The same work many times, on all processors. What comes out does not depend on how many there are.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

/// More at once would only take memory.
const THREADS_MAX: usize = 8;

/// Does the jobs 0 to `count - 1` and gives their results in this order.
pub(super) fn map<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let results: Mutex<Vec<Option<T>>> = Mutex::new((0..count).map(|_| None).collect());
    each(count, &|number| {
        let result = job(number);
        results.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(result);
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

/// Does the jobs 0 to `count - 1`.
pub(super) fn each(count: usize, job: &(dyn Fn(usize) + Sync)) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(count);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    job(number);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_order() {
        assert_eq!(super::map(100, |n| n * n), (0..100).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(super::map(0, |n| n), [0_usize; 0]);
    }
}

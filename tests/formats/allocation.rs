//! Counts a thread's allocations, so that tests can check the readers' promise.

#![expect(unsafe_code, reason = "a global allocator needs unsafe code")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn grow(bytes: usize) {
    // A thread that is ending no longer has counters.
    LIVE.try_with(|live| {
        live.set(live.get().saturating_add(bytes));
        PEAK.try_with(|peak| peak.set(peak.get().max(live.get()))).ok();
        COUNT.try_with(|count| count.set(count.get() + 1)).ok();
    })
    .ok();
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches only thread-local integers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.try_with(|live| live.set(live.get().saturating_sub(layout.size())))
            .ok();
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How much memory some work allocated on this thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allocated {
    /// The most bytes that were held at a time, beyond what was held before.
    pub(crate) peak: usize,
    /// The number of allocations.
    pub(crate) count: usize,
}

/// The result of `work`, and what it allocated.
pub(crate) fn allocated<T>(work: impl FnOnce() -> T) -> (T, Allocated) {
    let (live, count) = (LIVE.get(), COUNT.get());
    PEAK.set(live);
    let result = work();
    let taken = Allocated {
        peak: PEAK.get() - live,
        count: COUNT.get() - count,
    };
    (result, taken)
}

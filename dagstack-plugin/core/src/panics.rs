//! Panics of foreign code, caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops what a panic left. That can panic too, which is not worth a process.
pub fn forget_panic(payload: Box<dyn Any + Send>) {
    drop(catch_unwind(AssertUnwindSafe(move || drop(payload))));
}

/// A value of foreign code, dropped quietly: its `drop` may panic.
#[derive(Debug)]
pub struct Quiet<T>(pub Option<T>);

impl<T> Drop for Quiet<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(value))) {
            forget_panic(payload);
        }
    }
}

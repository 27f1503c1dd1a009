//! Panics of foreign code, caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops what a panic left. That can panic too, which is not worth a process.
pub fn forget_panic(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        std::mem::forget(again);
    }
}

/// Runs foreign code whose panic is a value.
///
/// # Errors
///
/// When it panicked.
pub fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        forget_panic(payload);
        Panicked
    })
}

/// A panic that was caught. The payload is dropped: it may quote a secret.
#[derive(Clone, Copy, Debug)]
pub struct Panicked;

/// A value of foreign code, dropped quietly: its `drop` may panic.
#[derive(Debug)]
pub struct Quiet<T>(pub Option<T>);

impl<T> Drop for Quiet<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        let _ = catch(move || drop(value));
    }
}

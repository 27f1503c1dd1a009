//! [`Lease`]: one generation of a plugin, counted while it is called.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::context::{HookContext, PluginScope};
use crate::error::HookError;
use crate::kind::{Caller, Host};
use crate::middleware::Middleware;
use crate::name::PluginName;
use crate::sync::lock;

/// The middleware around one hook, outermost first.
pub type Layers = Box<[Arc<dyn Middleware>]>;

/// Set in [`Lease::calls`] once no more calls are let in.
const CLOSED: usize = 1 << (usize::BITS - 1);
/// Set in [`Lease::calls`] while calls are not let in.
const SUSPENDED: usize = 1 << (usize::BITS - 2);
const FLAGS: usize = CLOSED | SUSPENDED;

/// One generation of a plugin. Every call holds an [`InFlight`] of it; once it is closed, calls are
/// refused, and whoever tears the plugin down waits for those on their way.
pub struct Lease {
    plugin: PluginName,
    scope: Arc<PluginScope>,
    /// The calls in flight, [`CLOSED`] and [`SUSPENDED`].
    calls: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
    /// By the place of the hook in the plugin's declaration.
    layers: Box<[Layers]>,
    /// The host's answer, at hand for every poll.
    is_around: fn() -> bool,
    host: Arc<dyn Host>,
    /// Where `process_cpu_bound` hooks run.
    workers: Option<Arc<dyn Caller>>,
    refusal: Box<dyn Fn() -> HookError + Send + Sync>,
    /// Takes secrets out of the author's errors.
    clean: Option<Box<dyn Fn(HookError) -> HookError + Send + Sync>>,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease of {}", self.plugin)
    }
}

impl Lease {
    /// A lease that lets calls in. `refusal` makes the error of a call that comes too late.
    pub fn new(
        plugin: PluginName,
        host: Arc<dyn Host>,
        refusal: impl Fn() -> HookError + Send + Sync + 'static,
    ) -> Self {
        Self {
            scope: Arc::new(PluginScope::new(plugin.clone())),
            plugin,
            calls: AtomicUsize::new(0),
            waiting: Mutex::default(),
            layers: Box::default(),
            is_around: host.is_around(),
            host,
            workers: None,
            refusal: Box::new(refusal),
            clean: None,
        }
    }

    /// Sets what every error of the plugin's code passes before its caller sees it: it may quote the
    /// config.
    #[must_use]
    pub fn with_clean(
        mut self,
        clean: impl Fn(HookError) -> HookError + Send + Sync + 'static,
    ) -> Self {
        self.clean = Some(Box::new(clean));
        self
    }

    /// An error of the plugin's code, as its caller sees it.
    #[cold]
    pub fn clean(&self, error: HookError) -> HookError {
        match &self.clean {
            Some(clean) => clean(error),
            None => error,
        }
    }

    /// Wraps the hooks, by their place in the plugin's declaration, in middleware, outermost first.
    #[must_use]
    pub fn with_layers(mut self, layers: Box<[Layers]>) -> Self {
        self.layers = layers;
        self
    }

    /// Sets where `process_cpu_bound` hooks run.
    #[must_use]
    pub fn with_workers(mut self, workers: Arc<dyn Caller>) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Sets what all calls share.
    #[must_use]
    pub fn with_scope(mut self, scope: Arc<PluginScope>) -> Self {
        self.scope = scope;
        self
    }

    /// The context as the plugin gets it: it says which plugin is called, and holds what all its calls
    /// share.
    #[inline]
    pub fn bind(&self, ctx: &HookContext) -> HookContext {
        ctx.clone().with_scope(Arc::clone(&self.scope))
    }

    /// The plugin.
    pub fn plugin(&self) -> &PluginName {
        &self.plugin
    }

    /// The host.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// Whether a runtime is around the caller already.
    #[inline]
    pub fn is_around(&self) -> bool {
        (self.is_around)()
    }

    /// Where `process_cpu_bound` hooks run.
    pub fn workers(&self) -> Option<&Arc<dyn Caller>> {
        self.workers.as_ref()
    }

    /// The middleware around the hook at that place of the declaration.
    #[inline]
    pub fn layers(&self, hook: usize) -> &[Arc<dyn Middleware>] {
        self.layers.get(hook).map_or(&[], |layers| layers)
    }

    /// Counts a call in.
    ///
    /// # Errors
    ///
    /// Once the lease is [`close`](Self::close)d, and while it is [`suspend`](Self::suspend)ed.
    #[inline]
    pub fn enter(&self) -> Result<InFlight<&Self>, HookError> {
        self.try_enter().ok_or_else(|| self.refused())
    }

    /// [`enter`](Self::enter), without an error: that is made by [`refused`](Self::refused).
    #[inline]
    pub(super) fn try_enter(&self) -> Option<InFlight<&Self>> {
        InFlight::enter(self)
    }

    /// The error of a call that is not let in.
    #[cold]
    pub(super) fn refused(&self) -> HookError {
        (self.refusal)()
    }

    /// Counts a call that is let in once more, for the part of it that outlives a caller who gives up.
    pub fn again(self: &Arc<Self>) -> InFlight<Arc<Self>> {
        self.calls.fetch_add(1, Ordering::Acquire);
        InFlight(Arc::clone(self))
    }

    /// Lets no more calls in.
    pub fn close(&self) {
        self.calls.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Whether it is [`close`](Self::close)d.
    pub fn is_closed(&self) -> bool {
        self.calls.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Lets no calls in until [`resume`](Self::resume).
    pub fn suspend(&self) {
        self.calls.fetch_or(SUSPENDED, Ordering::AcqRel);
    }

    /// Lets calls in again, unless the lease is [`close`](Self::close)d.
    pub fn resume(&self) {
        self.calls.fetch_and(!SUSPENDED, Ordering::AcqRel);
    }

    /// How many calls are on their way.
    pub fn in_flight(&self) -> usize {
        self.calls.load(Ordering::Acquire) & !FLAGS
    }

    fn is_drained(&self) -> bool {
        self.calls.load(Ordering::Acquire) & !SUSPENDED == CLOSED
    }

    /// Lets no more calls in, and completes when none is on its way.
    pub async fn drained(&self) {
        self.close();
        poll_fn(|cx| {
            if self.is_drained() {
                return Poll::Ready(());
            }
            let mut waiting = lock(&self.waiting);
            // Looked at again under the lock: the last call takes the list after it has counted.
            if self.is_drained() {
                return Poll::Ready(());
            }
            if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    #[cold]
    fn idle(&self) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        for waker in waiting {
            waker.wake();
        }
    }
}

/// A call on its way, from [`Lease::enter`] until it is dropped.
#[derive(Debug)]
pub struct InFlight<L: Deref<Target = Lease>>(L);

impl<L: Deref<Target = Lease>> InFlight<L> {
    #[inline]
    fn enter(lease: L) -> Option<Self> {
        let before = lease.calls.fetch_add(1, Ordering::Acquire);
        let entered = Self(lease);
        (before & FLAGS == 0).then_some(entered)
    }
}

/// What belongs to a generation of a plugin.
pub(super) trait Leased {
    fn lease(&self) -> &Lease;
}

impl Leased for &Lease {
    #[inline]
    fn lease(&self) -> &Lease {
        self
    }
}

impl Leased for InFlight<&Lease> {
    #[inline]
    fn lease(&self) -> &Lease {
        self.0
    }
}

impl<L: Deref<Target = Lease>> Drop for InFlight<L> {
    #[inline]
    fn drop(&mut self) {
        if self.0.calls.fetch_sub(1, Ordering::AcqRel) & !SUSPENDED == CLOSED | 1 {
            self.0.idle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;
    use crate::future::BoxFuture;
    use std::pin::pin;
    use std::task::Context;
    use std::time::Instant;

    struct NoHost;

    impl Host for NoHost {
        fn sleep_until(&self, _: Instant) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
        fn run_on_thread(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
            work
        }
    }

    fn lease() -> Lease {
        let refusal = || HookError::new(code::UNAVAILABLE, "no");
        Lease::new(PluginName::new("kind", "name"), Arc::new(NoHost), refusal)
    }

    #[test]
    fn a_suspended_lease_opens_again_and_a_closed_one_does_not() {
        let lease = lease();
        let running = lease.enter().ok();
        lease.suspend();
        assert!(lease.enter().is_err());
        assert_eq!(lease.in_flight(), 1);
        lease.resume();
        assert!(lease.enter().is_ok());
        lease.suspend();
        lease.close();
        lease.resume();
        assert!(lease.enter().is_err());
        drop(running);
        assert_eq!(lease.in_flight(), 0);
    }

    #[test]
    fn a_call_that_is_let_in_may_go_on_elsewhere_though_the_lease_has_closed() {
        let lease = Arc::new(lease());
        let first = lease.enter().ok();
        lease.close();
        let second = lease.again();
        drop(first);
        assert_eq!(lease.in_flight(), 1);
        drop(second);
        assert_eq!(lease.in_flight(), 0);
    }

    #[test]
    fn a_suspended_lease_is_drained_too() {
        let lease = lease();
        let running = lease.enter().ok();
        lease.suspend();
        let mut drained = pin!(lease.drained());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(drained.as_mut().poll(&mut cx).is_pending());
        drop(running);
        assert!(drained.as_mut().poll(&mut cx).is_ready());
    }
}

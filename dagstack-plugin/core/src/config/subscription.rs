//! Subscriptions to a config section: what a plugin subscribes by, and what it holds then. Whoever runs
//! the plugin implements both ends.

use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::ConfigInvalid;
use crate::declaration::Declaration;
use crate::error::BoxError;
use crate::sync::lock;

/// Why a subscription is not active where no source can watch.
pub const NO_WATCH: &str = "no watch-capable source registered";

/// What a callback may return: nothing, or a [`Result`] whose error is logged.
#[diagnostic::on_unimplemented(
    message = "a callback for config changes cannot return `{Self}`",
    label = "expected `()` or a `Result<(), E>`"
)]
pub trait CallbackOutcome {
    /// As a result.
    ///
    /// # Errors
    ///
    /// The callback's own.
    fn into_result(self) -> Result<(), BoxError>;
}

impl CallbackOutcome for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> CallbackOutcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

/// A subscription to a config section. Dropping it does not end it; the end of the plugin's
/// instance does, or [`unsubscribe`](Self::unsubscribe).
#[derive(Clone)]
pub struct ConfigSubscription(Arc<dyn Subscribed>);

/// A [`ConfigSubscription`], as its feed keeps it. The methods are those of the subscription.
pub trait Subscribed: Send + Sync + 'static {
    /// The section.
    fn path(&self) -> &str;
    /// Why changes do not come by themselves.
    fn inactive_reason(&self) -> Option<&'static str>;
    /// Ends it.
    fn unsubscribe(&self);
}

impl ConfigSubscription {
    /// A subscription that `feed` keeps.
    #[doc(hidden)]
    pub fn new(feed: Arc<dyn Subscribed>) -> Self {
        Self(feed)
    }

    /// Ends the subscription. From now on the callback is not entered again, not even for a change
    /// that is being told just now; a call that has begun goes on. Ending it twice does nothing.
    pub fn unsubscribe(&self) {
        self.0.unsubscribe();
    }

    /// Whether changes come by themselves. One that is not active and not ended still hears of
    /// what an explicit reload of the configuration finds.
    pub fn active(&self) -> bool {
        self.inactive_reason().is_none()
    }

    /// Why it is not [`active`](Self::active).
    pub fn inactive_reason(&self) -> Option<&'static str> {
        self.0.inactive_reason()
    }

    /// The section, `<kind>.<name>`.
    pub fn path(&self) -> &str {
        self.0.path()
    }
}

impl fmt::Debug for ConfigSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigSubscription")
            .field("path", &self.path())
            .field("active", &self.active())
            .field("inactive_reason", &self.inactive_reason())
            .finish()
    }
}

/// Who tells a plugin of changes of its section.
pub trait ConfigFeed: Send + Sync + 'static {
    /// Subscribes for the plugin that `declaration` describes.
    fn subscribe(&self, declaration: &'static Declaration, read: ReadChange) -> ConfigSubscription;
}

/// Reads a change, the old section and the new one, for one subscriber: what comes out tells it.
pub type ReadChange = Box<dyn Fn(&Value, &Value) -> Result<Tell, ConfigInvalid> + Send + Sync>;
/// Tells one subscriber of one change.
pub type Tell = Box<dyn FnOnce() -> Result<(), BoxError> + Send>;

/// Has `callback` called with what a change is read to.
#[doc(hidden)]
pub fn read_change<T: Send + 'static, R: CallbackOutcome>(
    read_old: impl Fn(&Value) -> Result<T, ConfigInvalid> + Send + Sync + 'static,
    read_new: impl Fn(&Value) -> Result<T, ConfigInvalid> + Send + Sync + 'static,
    callback: impl FnMut(&T, &T) -> R + Send + 'static,
) -> ReadChange {
    let callback = Arc::new(Mutex::new(callback));
    Box::new(move |old, new| {
        let (old, new) = (read_old(old)?, read_new(new)?);
        let callback = Arc::clone(&callback);
        Ok(Box::new(move || {
            (lock(&callback))(&old, &new).into_result()
        }))
    })
}

/// Of a plugin that is set up without a feed: nobody tells it of anything.
pub(crate) struct NoFeed(pub(crate) String);

impl Subscribed for NoFeed {
    fn path(&self) -> &str {
        &self.0
    }
    fn inactive_reason(&self) -> Option<&'static str> {
        Some(NO_WATCH)
    }
    fn unsubscribe(&self) {}
}

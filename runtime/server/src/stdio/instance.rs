//! The plugin instance of this process: set up once, lent to calls, torn down at the end.

use std::fmt;
use std::sync::{Arc, Mutex};

use rmcp::ErrorData;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use dagstack_plugin_core::error::{HookError, PluginError, code};
use dagstack_plugin_core::plugin::ErasedPlugin;
use dagstack_plugin_core::sync::lock;

/// Why a setup failed, in the form that crosses the wire.
#[derive(Clone, Debug)]
pub(super) struct SetupFailure {
    pub(super) code: &'static str,
    pub(super) message: String,
    problems: Option<Value>,
}

impl SetupFailure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            problems: None,
        }
    }

    /// `{code, message, problems?}`.
    pub(super) fn to_value(&self) -> Value {
        let mut value = json!({ "code": self.code, "message": self.message });
        if let (Some(problems), Some(object)) = (&self.problems, value.as_object_mut()) {
            object.insert("problems".to_owned(), problems.clone());
        }
        value
    }
}

impl From<PluginError> for SetupFailure {
    fn from(error: PluginError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            problems: error
                .config_invalid()
                .map(|invalid| json!(invalid.problems)),
        }
    }
}

/// As a JSON-RPC error.
impl From<SetupFailure> for ErrorData {
    fn from(failure: SetupFailure) -> Self {
        let message = format!("the plugin could not be set up: {}", failure.message);
        Self::internal_error(message, Some(failure.to_value()))
    }
}

enum Phase {
    /// Not set up; the first call does it.
    New,
    /// The host announced that it will send `dagstack/setup`.
    Expecting,
    SettingUp,
    Ready(Arc<dyn ErasedPlugin>),
    Failed(SetupFailure),
    Down,
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "not set up",
            Self::Expecting => "waiting for dagstack/setup",
            Self::SettingUp => "setting up",
            Self::Ready(_) => "ready",
            Self::Failed(_) => "failed",
            Self::Down => "torn down",
        })
    }
}

/// The instance that a call runs on, or why there is none for it.
pub(super) type Admitted = Result<Arc<dyn ErasedPlugin>, HookError>;

/// What becomes of a call.
pub(super) enum Admission<C> {
    /// It may run, or cannot.
    Decided(C, Admitted),
    /// It waits for the setup that is under way.
    Parked,
    /// It waits for a setup that the caller must now start.
    SetUpFirst,
}

/// The instance and who waits for it: calls, each as a `P`, among others.
#[derive(Debug)]
pub(super) struct Instance<P>(Mutex<State<P>>);

#[derive(Debug)]
struct State<P> {
    phase: Phase,
    /// `dagstack/setup` requests read but not carried out.
    announced: usize,
    parked: Vec<P>,
    waiting: Vec<oneshot::Sender<Result<(), SetupFailure>>>,
}

impl<P> Default for Instance<P> {
    fn default() -> Self {
        Self(Mutex::new(State {
            phase: Phase::New,
            announced: 0,
            parked: Vec::new(),
            waiting: Vec::new(),
        }))
    }
}

impl<P> Instance<P> {
    /// The host will send `dagstack/setup`: nothing is set up before.
    pub(super) fn expect_setup(&self) {
        let mut state = lock(&self.0);
        if matches!(state.phase, Phase::New) {
            state.phase = Phase::Expecting;
        }
    }

    /// A `dagstack/setup` was read: calls behind it wait for its outcome.
    pub(super) fn announce_setup(&self) {
        lock(&self.0).announced += 1;
    }

    /// Whether the caller must now set up; `false` if that is under way or done.
    pub(super) fn begin(&self) -> bool {
        let mut state = lock(&self.0);
        let begins = matches!(state.phase, Phase::New | Phase::Failed(_));
        if begins {
            state.phase = Phase::SettingUp;
        }
        begins
    }

    /// The same for `dagstack/setup`, which must not meet an instance.
    pub(super) fn begin_announced(&self) -> Result<(), SetupFailure> {
        let mut state = lock(&self.0);
        state.announced = state.announced.saturating_sub(1);
        match state.phase {
            Phase::New | Phase::Expecting | Phase::Failed(_) | Phase::Down => {
                state.phase = Phase::SettingUp;
                Ok(())
            }
            Phase::SettingUp | Phase::Ready(_) => Err(SetupFailure::new(
                "already_set_up",
                "the plugin is set up already; send `dagstack/teardown` first",
            )),
        }
    }

    /// Ends a setup. The calls that waited for it are decided at once and go on before anyone else
    /// hears of it: who does may be a teardown.
    pub(super) fn finish(
        &self,
        outcome: Result<Box<dyn ErasedPlugin>, SetupFailure>,
        go_on: impl FnOnce(Vec<(P, Admitted)>),
    ) {
        let result = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        let (decided, waiting) = {
            let mut state = lock(&self.0);
            state.phase = match outcome {
                Ok(plugin) => Phase::Ready(Arc::from(plugin)),
                Err(failure) => Phase::Failed(failure),
            };
            let parked = std::mem::take(&mut state.parked).into_iter();
            let admitted = parked.filter_map(|call| match state.admit(call, |call| call) {
                Admission::Decided(call, admitted) => Some((call, admitted)),
                // For another setup that was announced.
                Admission::Parked | Admission::SetUpFirst => None,
            });
            let decided = admitted.collect();
            (decided, std::mem::take(&mut state.waiting))
        };
        go_on(decided);
        for waiting in waiting {
            let _ = waiting.send(result.clone());
        }
    }

    /// The outcome of the setup that is under way or done.
    pub(super) async fn ready(&self) -> Result<(), SetupFailure> {
        let outcome = {
            let mut state = lock(&self.0);
            match &state.phase {
                Phase::Ready(_) => return Ok(()),
                Phase::Failed(failure) => return Err(failure.clone()),
                Phase::SettingUp => {}
                Phase::New | Phase::Expecting | Phase::Down => {
                    return Err(SetupFailure::new("unavailable", unavailable(&state.phase)));
                }
            }
            let (sender, outcome) = oneshot::channel();
            state.waiting.push(sender);
            outcome
        };
        outcome.await.unwrap_or_else(|_| {
            Err(SetupFailure::new(
                "unavailable",
                "the setup was given up before it ended",
            ))
        })
    }

    /// Decides about a call. If it has to wait, it does so as what `park` makes of it.
    pub(super) fn admit<C>(&self, call: C, park: impl FnOnce(C) -> P) -> Admission<C> {
        lock(&self.0).admit(call, park)
    }

    /// The instance, if it is set up.
    pub(super) fn current(&self) -> Result<Arc<dyn ErasedPlugin>, HookError> {
        match &lock(&self.0).phase {
            Phase::Ready(plugin) => Ok(Arc::clone(plugin)),
            phase => Err(refusal(phase)),
        }
    }

    /// Takes the instance out of service.
    pub(super) fn take(&self) -> Option<Arc<dyn ErasedPlugin>> {
        let mut state = lock(&self.0);
        match std::mem::replace(&mut state.phase, Phase::Down) {
            Phase::Ready(plugin) => Some(plugin),
            other => {
                state.phase = other;
                None
            }
        }
    }
}

impl<P> State<P> {
    fn admit<C>(&mut self, call: C, park: impl FnOnce(C) -> P) -> Admission<C> {
        match &self.phase {
            Phase::Ready(plugin) => return Admission::Decided(call, Ok(Arc::clone(plugin))),
            Phase::New => {
                self.phase = Phase::SettingUp;
                self.parked.push(park(call));
                return Admission::SetUpFirst;
            }
            Phase::SettingUp => {}
            Phase::Expecting | Phase::Down | Phase::Failed(_) if self.announced > 0 => {}
            phase => return Admission::Decided(call, Err(refusal(phase))),
        }
        self.parked.push(park(call));
        Admission::Parked
    }
}

fn unavailable(phase: &Phase) -> String {
    match phase {
        Phase::New => "the plugin is not set up".to_owned(),
        Phase::Expecting => {
            "the plugin is not set up; the host announced the dagstack extension and must send `dagstack/setup`"
                .to_owned()
        }
        Phase::SettingUp => "the plugin is being set up".to_owned(),
        Phase::Ready(_) => "the plugin is ready".to_owned(),
        Phase::Failed(failure) => format!("the plugin could not be set up: {}", failure.message),
        Phase::Down => "the plugin was torn down".to_owned(),
    }
}

fn refusal(phase: &Phase) -> HookError {
    let error = HookError::new(code::UNAVAILABLE, unavailable(phase));
    match phase {
        Phase::Failed(failure) => error.details(failure.to_value()),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use dagstack_engine::task::block_on;

    fn failure() -> SetupFailure {
        SetupFailure::new("setup_failed", "no database")
    }

    /// The calls that go on after a setup that failed, each with its error's code.
    fn fail(instance: &Instance<u8>) -> Vec<(u8, String)> {
        let mut refused = Vec::new();
        instance.finish(Err(failure()), |calls| {
            refused.extend(calls.into_iter().map(|(call, admitted)| {
                let error = admitted.map(drop).unwrap_err();
                (call, error.code().to_owned())
            }));
        });
        refused
    }

    fn unavailable(calls: &[u8]) -> Vec<(u8, String)> {
        calls
            .iter()
            .map(|&call| (call, code::UNAVAILABLE.to_owned()))
            .collect()
    }

    #[test]
    fn the_first_call_sets_up_and_others_wait_for_it() {
        let instance = Instance::default();
        let admit = |call| instance.admit(call, |call: u8| call);
        assert!(matches!(admit(1), Admission::SetUpFirst));
        assert!(matches!(admit(2), Admission::Parked));
        assert!(!instance.begin());
        assert_eq!(fail(&instance), unavailable(&[1, 2]));
        let Admission::Decided(3, Err(error)) = admit(3) else {
            panic!("admitted after a setup that failed");
        };
        assert_eq!(error.code(), code::UNAVAILABLE);
        assert!(error.message().ends_with("no database"));
        assert!(instance.begin(), "a setup that failed can be tried again");
    }

    #[test]
    fn calls_wait_for_a_setup_that_was_announced_before_them() {
        let instance = Instance::default();
        let admit = |call| instance.admit(call, |call: u8| call);
        instance.expect_setup();
        assert!(matches!(admit(1), Admission::Decided(1, Err(_))));
        instance.announce_setup();
        assert!(matches!(admit(2), Admission::Parked));
        instance.begin_announced().unwrap();
        let second = instance.begin_announced().unwrap_err();
        assert_eq!(second.code, "already_set_up");
        assert_eq!(fail(&instance), unavailable(&[2]));
        // The next one counts alike.
        instance.announce_setup();
        assert!(matches!(admit(3), Admission::Parked));
        // Also for calls that waited for the one before it.
        instance.begin_announced().unwrap();
        instance.announce_setup();
        assert_eq!(fail(&instance), []);
        instance.begin_announced().unwrap();
        assert_eq!(fail(&instance), unavailable(&[3]));
    }

    #[test]
    fn calls_go_on_before_a_teardown_hears_that_the_setup_ended() {
        let instance = Instance::<u8>::default();
        assert!(matches!(
            instance.admit(1, |call| call),
            Admission::SetUpFirst
        ));
        let mut cx = Context::from_waker(Waker::noop());
        let mut ended = pin!(instance.ready());
        assert!(ended.as_mut().poll(&mut cx).is_pending());
        instance.finish(Err(failure()), |calls| {
            assert_eq!(calls.len(), 1);
            assert!(ended.as_mut().poll(&mut cx).is_pending());
        });
        assert!(ended.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn whoever_asks_during_a_setup_hears_how_it_ended() {
        let instance = Instance::<u8>::default();
        let ready = || block_on(instance.ready()).unwrap_err().code;
        assert_eq!(ready(), "unavailable");
        assert!(instance.begin());
        std::thread::scope(|scope| {
            let asked = scope.spawn(ready);
            while lock(&instance.0).waiting.is_empty() {
                std::thread::yield_now();
            }
            fail(&instance);
            assert_eq!(asked.join().unwrap(), "setup_failed");
        });
        assert_eq!(ready(), "setup_failed");
        assert!(instance.take().is_none());
    }
}

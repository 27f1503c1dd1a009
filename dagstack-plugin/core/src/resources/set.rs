//! [`ResourceSet`]: resources by name, as a host hands them out; [`Resources`]: as a plugin sees them.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::{Arrival, Crossing, Remote, Resource, ResourceError};
use crate::declaration::Declaration;

/// Resources by name, of whatever types. Cheap to clone.
///
/// ```
/// use std::sync::Arc;
///
/// use dagstack_plugin::resources::{Clock, ResourceSet, SystemClock};
///
/// let set = ResourceSet::new().with::<dyn Clock>("clock", Arc::new(SystemClock));
/// assert!(set.get::<dyn Clock>("clock").is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ResourceSet {
    held: Arc<BTreeMap<String, Held>>,
    hint: &'static str,
}

#[derive(Clone)]
enum Held {
    Here(ErasedResource),
    Elsewhere { interface: String, at: Elsewhere },
}

#[derive(Clone)]
enum Elsewhere {
    ByRequests(Remote),
    ByValue(Value),
}

/// By its type: what a resource is made of (a seed) may be a secret.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(resource) => resource.fmt(f),
            Self::Elsewhere { interface, .. } => write!(f, "dyn {interface}"),
        }
    }
}

impl ResourceSet {
    /// No resources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource, in the place of one of the same name.
    #[must_use]
    pub fn with<R: Resource + ?Sized>(self, name: impl Into<String>, resource: Arc<R>) -> Self {
        self.with_erased(name, ErasedResource::of::<R>(resource))
    }

    /// Adds a resource of any type, for plugins in this process. [`Resources::local`] finds it.
    #[must_use]
    pub fn with_local<T: Send + Sync + ?Sized + 'static>(
        self,
        name: impl Into<String>,
        resource: Arc<T>,
    ) -> Self {
        self.with_erased(name, ErasedResource::local::<T>(resource))
    }

    /// Adds a resource whose type is known to it alone.
    #[must_use]
    pub fn with_erased(self, name: impl Into<String>, resource: ErasedResource) -> Self {
        self.insert(name.into(), Held::Here(resource))
    }

    /// Adds a resource of the host at the other end of a connection.
    #[must_use]
    pub fn with_arrival(
        self,
        name: impl Into<String>,
        interface: impl Into<String>,
        arrival: Arrival,
    ) -> Self {
        let at = match arrival {
            Arrival::ByRequests(remote) => Elsewhere::ByRequests(remote),
            Arrival::ByValue(value) => Elsewhere::ByValue(value),
        };
        let interface = interface.into();
        self.insert(name.into(), Held::Elsewhere { interface, at })
    }

    /// Adds those of another set, in the place of those of the same names.
    #[must_use]
    pub fn with_all(mut self, other: &Self) -> Self {
        let others = other.held.iter();
        let others = others.map(|(name, held)| (name.clone(), held.clone()));
        Arc::make_mut(&mut self.held).extend(others);
        self
    }

    fn insert(mut self, name: String, held: Held) -> Self {
        Arc::make_mut(&mut self.held).insert(name, held);
        self
    }

    /// What a plugin is told that misses one, in the place of the names there are.
    #[doc(hidden)]
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// Those of the given names.
    #[doc(hidden)]
    #[must_use]
    pub fn only<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut only = Self {
            hint: self.hint,
            ..Self::new()
        };
        for name in names {
            if let Some(held) = self.held.get(name) {
                only = only.insert(name.to_owned(), held.clone());
            }
        }
        only
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.held.keys().map(String::as_str)
    }

    /// Whether there is a resource of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.held.contains_key(name)
    }

    fn held(&self, name: &str) -> Result<&Held, ResourceError> {
        self.held.get(name).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> ResourceError {
        let mut error = ResourceError::missing(name, self.names());
        if let ResourceError::Missing { hint, .. } = &mut error {
            *hint = self.hint;
        }
        error
    }

    /// One resource.
    ///
    /// # Errors
    ///
    /// [`ResourceError::Missing`], [`ResourceError::WrongType`].
    pub fn get<R: Resource + ?Sized>(&self, name: &str) -> Result<Arc<R>, ResourceError> {
        let wrong = |found: &str| ResourceError::WrongType {
            resource: name.to_owned(),
            asked: format!("dyn {}", R::INTERFACE),
            found: found.to_owned(),
        };
        match self.held(name)? {
            Held::Here(resource) => resource
                .get::<R>()
                .ok_or_else(|| wrong(&resource.type_name)),
            Held::Elsewhere { interface, at } => {
                if interface != R::INTERFACE {
                    return Err(wrong(&format!("dyn {interface}")));
                }
                let arrival = match at {
                    Elsewhere::ByRequests(remote) => Arrival::ByRequests(remote.clone()),
                    Elsewhere::ByValue(value) => Arrival::ByValue(value.clone()),
                };
                R::arrive(arrival).ok_or_else(|| ResourceError::CannotCross {
                    resource: name.to_owned(),
                    reason: "what the host sent for it cannot be understood; host and plugin are of different versions".to_owned(),
                })
            }
        }
    }

    /// One resource of any type.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`ResourceError::CannotCross`] where the host is another process.
    pub fn local<T: Send + Sync + ?Sized + 'static>(
        &self,
        name: &str,
    ) -> Result<Arc<T>, ResourceError> {
        match self.held(name)? {
            Held::Here(resource) => resource.get::<T>().ok_or_else(|| ResourceError::WrongType {
                resource: name.to_owned(),
                asked: std::any::type_name::<T>().to_owned(),
                found: resource.type_name.to_string(),
            }),
            Held::Elsewhere { .. } => Err(ResourceError::CannotCross {
                resource: name.to_owned(),
                reason: format!("`{}` is no `#[resource]`", std::any::type_name::<T>()),
            }),
        }
    }

    /// How each of the resources gets to a plugin in another process.
    ///
    /// # Errors
    ///
    /// [`ResourceError::CannotCross`].
    pub fn cross(&self) -> Result<Vec<(&str, &str, Crossing)>, ResourceError> {
        self.held
            .iter()
            .map(|(name, held)| {
                let refused = |reason: String| ResourceError::CannotCross {
                    resource: name.clone(),
                    reason,
                };
                match held {
                    Held::Here(resource) => match resource.cross() {
                        Crossing::Refused(reason) => Err(refused(reason)),
                        crossing => Ok((name.as_str(), resource.interface, crossing)),
                    },
                    Held::Elsewhere { .. } => {
                        Err(refused("it is another host's already".to_owned()))
                    }
                }
            })
            .collect()
    }

    /// That everything is there that a plugin cannot do without.
    pub(crate) fn check(&self, declaration: &Declaration) -> Result<(), ResourceError> {
        match declaration
            .resources_required
            .iter()
            .find(|name| !self.contains(name))
        {
            Some(name) => Err(self.missing(name)),
            None => Ok(()),
        }
    }
}

/// A resource without its type.
#[derive(Clone)]
pub struct ErasedResource {
    type_name: Arc<str>,
    /// Empty where it has none.
    interface: &'static str,
    /// An `Arc<R>`.
    value: Arc<dyn Any + Send + Sync>,
    cross: fn(&dyn Any) -> Option<Crossing>,
    decorated: bool,
}

impl fmt::Debug for ErasedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.type_name)
    }
}

impl ErasedResource {
    /// Forgets the type of a resource.
    pub fn of<R: Resource + ?Sized>(resource: Arc<R>) -> Self {
        Self {
            type_name: format!("dyn {}", R::INTERFACE).into(),
            interface: R::INTERFACE,
            value: Arc::new(resource),
            cross: |value| value.downcast_ref::<Arc<R>>().map(R::cross),
            decorated: false,
        }
    }

    /// Forgets the type of a resource for plugins in this process.
    pub fn local<T: Send + Sync + ?Sized + 'static>(resource: Arc<T>) -> Self {
        Self {
            type_name: std::any::type_name::<T>().into(),
            interface: "",
            value: Arc::new(resource),
            cross: |_| None,
            decorated: false,
        }
    }

    /// The type, for messages.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The resource, if that is its type.
    pub fn get<R: Send + Sync + ?Sized + 'static>(&self) -> Option<Arc<R>> {
        self.value.downcast_ref::<Arc<R>>().cloned()
    }

    /// The same resource in a wrapper; `None` where its type is another.
    #[must_use]
    pub fn decorate<R: Send + Sync + ?Sized + 'static>(
        &self,
        decorate: impl FnOnce(Arc<R>) -> Arc<R>,
    ) -> Option<Self> {
        let inner = self.get::<R>()?;
        Some(Self {
            value: Arc::new(decorate(inner)),
            decorated: true,
            ..self.clone()
        })
    }

    /// How it gets to a plugin in another process.
    pub fn cross(&self) -> Crossing {
        match (self.cross)(&*self.value) {
            None => Crossing::Refused(format!(
                "`{}` is no `#[resource]`; run the plugin in the host's process, or put the attribute on a trait of it",
                self.type_name
            )),
            // The plugin would get its own, without what the decorator does.
            Some(Crossing::ByValue(_) | Crossing::Refused(_)) if self.decorated => {
                Crossing::Refused(format!(
                    "it is decorated, and a `{}` crosses as a value, which its decorator would not see; run the plugin in the host's process, or give it the resource undecorated",
                    self.type_name
                ))
            }
            Some(crossing) => crossing,
        }
    }
}

/// The resources a plugin declares: `ctx.resources()`.
#[derive(Clone, Debug)]
pub struct Resources {
    set: ResourceSet,
    declaration: &'static Declaration,
}

impl Resources {
    pub(crate) fn new(set: ResourceSet, declaration: &'static Declaration) -> Self {
        Self { set, declaration }
    }

    fn declared(&self, name: &str) -> Result<(), ResourceError> {
        let declaration = self.declaration;
        if declaration.resources().any(|declared| declared == name) {
            return Ok(());
        }
        let suggestion = crate::suggest(name, declaration.resources());
        Err(ResourceError::Undeclared {
            plugin: declaration.key(),
            resource: name.to_owned(),
            suggestion: suggestion.map(str::to_owned),
        })
    }

    /// A resource by name and type: `ctx.resources().get::<dyn Clock>("clock")?`.
    ///
    /// # Errors
    ///
    /// [`ResourceError`]: the plugin does not declare it, the host does not have it, or it is of
    /// another type.
    pub fn get<R: Resource + ?Sized>(&self, name: &str) -> Result<Arc<R>, ResourceError> {
        self.declared(name)?;
        self.set.get(name)
    }

    /// A resource that the plugin can do without; `None` where the host does not have it.
    ///
    /// It is `None` too where [`get`](Self::get) finds another mistake, which is then in the log.
    pub fn optional<R: Resource + ?Sized>(&self, name: &str) -> Option<Arc<R>> {
        match self.get(name) {
            Ok(resource) => Some(resource),
            Err(ResourceError::Missing { .. }) => None,
            Err(error) => {
                tracing::error!(
                    plugin.kind = self.declaration.kind,
                    plugin.name = self.declaration.name,
                    "the plugin goes without an optional resource: {error}"
                );
                None
            }
        }
    }

    /// A resource of any type, which only plugins in the host's own process have.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); [`ResourceError::CannotCross`] where the host is another process.
    pub fn local<T: Send + Sync + ?Sized + 'static>(
        &self,
        name: &str,
    ) -> Result<Arc<T>, ResourceError> {
        self.declared(name)?;
        self.set.local(name)
    }
}

/// Warns of an optional resource that is not among those there are and is named nearly like one: its
/// plugin would silently do without.
#[doc(hidden)]
pub fn warn_if_misspelt<'a>(
    plugin: &crate::PluginName,
    resource: &str,
    known: impl IntoIterator<Item = &'a str>,
) {
    if let Some(meant) = crate::suggest(resource, known) {
        tracing::warn!(
            plugin.kind = plugin.kind(),
            plugin.name = plugin.name(),
            "`{plugin}` goes without its optional resource `{resource}`, which is not there (did you mean `{meant}`?)"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{Clock, FrozenClock, Rng, SeededRng};

    static PLUGIN: Declaration = Declaration {
        resources_required: &["clock"],
        resources_optional: &["rng", "pool"],
        ..Declaration::new("tool", "p", "p", &[], crate::schema::Schema::new)
    };

    fn resources(set: ResourceSet) -> Resources {
        Resources::new(set, &PLUGIN)
    }

    fn clock() -> Arc<dyn Clock> {
        Arc::new(FrozenClock::at_unix_nanos(3))
    }

    #[test]
    fn what_is_declared_and_there_is_given() {
        let given = resources(ResourceSet::new().with("clock", clock()));
        assert_eq!(given.get::<dyn Clock>("clock").unwrap().monotonic_ns(), 3);
        assert!(given.optional::<dyn Rng>("rng").is_none());
        let missing = given.get::<dyn Rng>("rng").err().unwrap().to_string();
        assert_eq!(missing, "the host has no resource `rng`; it has clock");
    }

    #[test]
    fn what_is_not_declared_is_not_reachable() {
        let given = resources(ResourceSet::new().with("clocks", clock()));
        let error = given.get::<dyn Clock>("clocks").err().unwrap();
        assert_eq!(error.code(), "undeclared_resource");
        let text = error.to_string();
        assert!(text.contains("`tool.p` does not declare"), "{text}");
        assert!(
            text.contains("resources(required = [\"clocks\"])"),
            "{text}"
        );
        assert!(given.optional::<dyn Clock>("clocks").is_none());
        let arrived = Arrival::ByValue(serde_json::json!({ "seeded": 314_159 }));
        let set = ResourceSet::new().with_arrival("rng", "Rng", arrived);
        assert!(!format!("{set:?}").contains("314159"), "{set:?}");
    }

    #[test]
    fn a_wrong_type_names_both() {
        let seeded: Arc<dyn Rng> = Arc::new(SeededRng::new(1));
        let given = resources(
            ResourceSet::new()
                .with("clock", seeded)
                .with_local("pool", Arc::new(7_u8)),
        );
        let text = given.get::<dyn Clock>("clock").err().unwrap().to_string();
        assert_eq!(
            text,
            "the resource `clock` is `dyn dagstack_plugin::resources::Rng`, not `dyn dagstack_plugin::resources::Clock`"
        );
        assert_eq!(*given.local::<u8>("pool").unwrap(), 7);
        let text = given.local::<u16>("pool").unwrap_err().to_string();
        assert_eq!(text, "the resource `pool` is `u8`, not `u16`");
        assert!(matches!(
            given.get::<dyn Clock>("pool"),
            Err(ResourceError::WrongType { .. })
        ));
    }

    #[test]
    fn sets_are_joined_and_the_other_counts() {
        let frozen = |nanos| -> Arc<dyn Clock> { Arc::new(FrozenClock::at_unix_nanos(nanos)) };
        let first = ResourceSet::new()
            .with("clock", frozen(1))
            .with("wall", frozen(2));
        let both = first.with_all(&ResourceSet::new().with("clock", frozen(3)));
        let shown = |name| both.get::<dyn Clock>(name).unwrap().monotonic_ns();
        assert_eq!((shown("clock"), shown("wall")), (3, 2));
    }

    #[test]
    fn a_misspelt_name_is_guessed() {
        let text = resources(ResourceSet::new()).get::<dyn Clock>("clokc");
        let text = text.err().unwrap().to_string();
        assert!(
            text.contains("`clokc` (did you mean `clock`?); add it"),
            "{text}"
        );
        let set = ResourceSet::new().with("clock", clock());
        let text = set.get::<dyn Clock>("clcok").err().unwrap().to_string();
        assert!(text.contains("did you mean `clock`?"), "{text}");
        assert!(ResourceSet::new().check(&PLUGIN).is_err());
        assert!(set.check(&PLUGIN).is_ok());
    }

    #[test]
    fn a_decorated_value_does_not_cross() {
        let plain = ErasedResource::of(clock());
        assert!(matches!(plain.cross(), Crossing::ByValue(_)));
        let wrapped = plain.decorate::<dyn Clock>(|inner| inner).unwrap();
        let Crossing::Refused(reason) = wrapped.cross() else {
            panic!("it is refused");
        };
        assert!(reason.contains("decorated"), "{reason}");
        assert!(plain.decorate::<dyn Rng>(|inner| inner).is_none());
        let local = ErasedResource::local(Arc::new(7_u8));
        assert!(matches!(local.cross(), Crossing::Refused(_)));
    }
}

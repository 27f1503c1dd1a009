//! Resources on the wire: what a host says of them in `dagstack/setup`, and what it serves.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use dagstack_plugin_core::object::Object;
use dagstack_plugin_core::resources::{
    Arrival, CLOCK, Clock, Crossing, RNG, Remote, Resource, ResourceCaller, ResourceError,
    ResourceServer, ResourceSet, Rng,
};
use dagstack_plugin_core::{HookError, code};

/// What a host gives one plugin in another process.
pub struct Offer {
    /// For the parameters of `dagstack/setup`: `clock`, `rng_seed` and `resources`.
    pub params: Map<String, Value>,
    /// What it answers requests for.
    pub served: Served,
}

/// The resources whose calls are requests. No others are reachable.
#[derive(Clone, Default)]
pub struct Served(Arc<HashMap<String, Arc<dyn ResourceServer>>>);

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One entry of `resources` in `dagstack/setup`.
#[derive(Debug, Serialize, Deserialize)]
struct OfferedResource {
    interface: String,
    /// Absent where its calls are requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// By the names: a setting (a seed) may be a secret.
impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.params.keys()).finish()
    }
}

impl Offer {
    /// Offers what is in `set`, which is what the plugin declares.
    ///
    /// # Errors
    ///
    /// [`ResourceError::CannotCross`].
    pub fn new(set: &ResourceSet) -> Result<Self, ResourceError> {
        let mut params = Map::new();
        let mut resources = Map::new();
        let mut served = HashMap::new();
        for (name, interface, crossing) in set.cross()? {
            let value = match crossing {
                Crossing::ByRequests(server) => {
                    served.insert(name.to_owned(), server);
                    None
                }
                Crossing::ByValue(value) => Some(value),
                // `cross` reports these.
                Crossing::Refused(_) => continue,
            };
            let seed = value.as_ref().and_then(|value| value.get("seed"));
            match (name, &value, seed) {
                (CLOCK, Some(setting), _) if interface == <dyn Clock>::INTERFACE => {
                    params.insert(CLOCK.to_owned(), setting.clone());
                }
                (RNG, _, Some(seed)) if interface == <dyn Rng>::INTERFACE => {
                    params.insert("rng_seed".to_owned(), seed.clone());
                }
                _ => {
                    let interface = interface.to_owned();
                    let given = json!(OfferedResource { interface, value });
                    resources.insert(name.to_owned(), given);
                }
            }
        }
        if !resources.is_empty() {
            params.insert("resources".to_owned(), resources.into());
        }
        Ok(Self {
            params,
            served: Served(Arc::new(served)),
        })
    }
}

impl Served {
    /// The resource of that name.
    ///
    /// # Errors
    ///
    /// [`code::RESOURCE_MISSING`], whether the host does not have it
    /// or the plugin does not declare it.
    pub fn get(&self, resource: &str) -> Result<&Arc<dyn ResourceServer>, HookError> {
        self.0.get(resource).ok_or_else(|| {
            HookError::new(
                code::RESOURCE_MISSING,
                format!("there is no resource `{resource}` for this plugin; it has those it declares that its host has"),
            )
        })
    }
}

/// What a plugin is given by the host at the other end: the reading of [`Offer::params`].
#[derive(Debug, Default, Deserialize)]
pub struct Offered {
    clock: Option<Value>,
    rng_seed: Option<u64>,
    #[serde(default)]
    resources: HashMap<String, Object<OfferedResource>>,
}

impl Offered {
    /// The resources; `reach` gives the way to one whose calls are requests.
    pub fn into_set(self, reach: impl Fn(&str) -> Arc<dyn ResourceCaller>) -> ResourceSet {
        let mut set = ResourceSet::new();
        if let Some(setting) = self.clock {
            let arrival = Arrival::ByValue(setting);
            set = set.with_arrival(CLOCK, <dyn Clock>::INTERFACE, arrival);
        }
        if let Some(seed) = self.rng_seed {
            let arrival = Arrival::ByValue(json!({ "seed": seed }));
            set = set.with_arrival(RNG, <dyn Rng>::INTERFACE, arrival);
        }
        for (name, Object(given)) in self.resources {
            let arrival = match given.value {
                Some(value) => Arrival::ByValue(value),
                None => Arrival::ByRequests(Remote::new(name.as_str(), reach(&name))),
            };
            set = set.with_arrival(name, given.interface, arrival);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dagstack_plugin_core::BoxFuture;
    use dagstack_plugin_core::resources::{FrozenClock, SeededRng, StartedClock, SystemClock};

    struct Nowhere;

    impl ResourceCaller for Nowhere {
        fn call<'a>(
            &'a self,
            _: &'static str,
            _: String,
        ) -> BoxFuture<'a, Result<String, HookError>> {
            Box::pin(async { Ok("null".to_owned()) })
        }
    }

    #[test]
    fn clock_and_rng_travel_as_the_contract_says() {
        let set = ResourceSet::new()
            .with::<dyn Clock>("clock", Arc::new(FrozenClock::at_unix_nanos(7)))
            .with::<dyn Rng>("rng", Arc::new(SeededRng::new(9)))
            .with::<dyn Clock>("wall", Arc::new(SystemClock));
        let offer = Offer::new(&set).unwrap();
        assert_eq!(
            Value::Object(offer.params.clone()),
            json!({
                "clock": { "frozen": 7 },
                "rng_seed": 9,
                "resources": {
                    "wall": { "interface": "dagstack_plugin::resources::Clock", "value": "system" }
                },
            })
        );
        let offered = Offered::deserialize(Value::Object(offer.params)).unwrap();
        let there = offered.into_set(|_| Arc::new(Nowhere));
        assert_eq!(there.get::<dyn Clock>("clock").unwrap().monotonic_ns(), 7);
        assert!(there.get::<dyn Rng>("rng").is_ok());
        assert!(there.get::<dyn Clock>("wall").is_ok());
        let wrong = there.get::<dyn Rng>("wall").err().unwrap();
        assert_eq!(wrong.code(), code::RESOURCE_TYPE);
        let started: Arc<dyn Clock> = Arc::new(StartedClock::at_unix_nanos(1));
        let params = Offer::new(&ResourceSet::new().with("clock", started)).unwrap();
        assert!(params.params["clock"]["now"].is_u64());
    }
}

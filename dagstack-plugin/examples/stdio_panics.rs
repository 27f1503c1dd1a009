//! The plugin executable that `tests/stdio_panics.rs` talks to: its author's code panics where the
//! environment variable `PANICS` says.
#![allow(clippy::panic)]

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use dagstack_plugin::prelude::*;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn is(place: &str) -> bool {
    std::env::var("PANICS").is_ok_and(|places| places.split(',').any(|it| it == place))
}

fn panic_in(place: &str) {
    assert!(!is(place), "asked to panic in {place}");
}

/// A type whose every implementation may panic, `config`'s, `argument`'s or `result`'s.
struct Of<const N: usize>(u8);

const CONFIG: usize = 0;
const ARGUMENT: usize = 1;
const RESULT: usize = 2;

fn panic_of(number: usize, place: &str) {
    let whose = ["config", "argument", "result"];
    panic_in(&format!("{} {place}", whose[number]));
}

impl<const N: usize> Default for Of<N> {
    fn default() -> Self {
        panic_of(N, "default");
        Self(7)
    }
}

impl<const N: usize> JsonSchema for Of<N> {
    fn schema_name() -> Cow<'static, str> {
        panic_of(N, "schema name");
        format!("Of{N}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        panic_of(N, "schema");
        u8::json_schema(generator)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Of<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        panic_of(N, "deserialize");
        match u8::deserialize(deserializer)? {
            99 => Err(D::Error::custom("not 99")),
            number => Ok(Self(number)),
        }
    }
}

impl<const N: usize> Serialize for Of<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        panic_of(N, "serialize");
        serializer.serialize_u8(self.0)
    }
}

impl<const N: usize> Drop for Of<N> {
    fn drop(&mut self) {
        // A second panic would abort.
        if !std::thread::panicking() {
            panic_of(N, "drop");
        }
    }
}

#[data]
struct Config {
    #[serde(default)]
    number: Of<CONFIG>,
    /// Has errors searched for it.
    #[serde(default)]
    api_key: Option<String>,
}

/// An error of the author's.
struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_in("display");
        f.write_str("it failed")
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_in("debug");
        f.write_str("Failure")
    }
}

impl Error for Failure {}

impl Drop for Failure {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_in("error drop");
        }
    }
}

struct Panics {
    config: u8,
}

/// A plugin whose author's code panics.
#[plugin(kind = "sample", name = "panics")]
#[allow(missing_docs)]
impl Panics {
    #[setup]
    async fn setup(ctx: &PluginContext<Config>) -> Result<Self, Failure> {
        panic_in("setup");
        pause().await;
        panic_in("setup after a wait");
        if is("setup error") {
            return Err(Failure);
        }
        ctx.on_section_change(|_: &Config, _: &Config| {
            panic_in("callback");
            Err::<(), _>(Failure)
        });
        Ok(Self {
            config: ctx.config().number.0,
        })
    }

    #[health]
    async fn health(&self) -> Health {
        panic_in("health");
        pause().await;
        panic_in("health after a wait");
        Health::Healthy
    }

    #[teardown]
    async fn teardown(&self) -> Result<Released, Failure> {
        panic_in("teardown");
        pause().await;
        panic_in("teardown after a wait");
        if is("teardown error") {
            return Err(Failure);
        }
        Ok(Released::All)
    }

    #[hook]
    fn add(&self, #[serde(default)] number: Of<ARGUMENT>) -> Of<RESULT> {
        Of(number.0 + self.config)
    }

    #[hook]
    fn fail(&self) -> Result<(), Failure> {
        Err(Failure)
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_in("drop");
        }
    }
}

/// Comes back through the executor.
async fn pause() {
    tokio::task::yield_now().await;
}

dagstack_plugin::main!(Panics);

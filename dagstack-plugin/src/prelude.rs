//! What a plugin's source file needs: `use dagstack_plugin::prelude::*;`.

pub use crate::{
    Health, HookContext, HookError, PluginContext, PluginError, Released, data, health, hook, kind,
    plugin, setup, teardown,
};

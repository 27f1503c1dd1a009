//! What a plugin's source file needs: `use dagstack_plugin::prelude::*;`.

pub use crate::{
    Content, Health, HookContext, HookError, PluginContext, PluginError, Released, Secret, data,
    health, hook, kind, plugin, resource, setup, teardown,
};

//! The list of plugins linked into this program.

use crate::context::SetupContext;
use crate::declaration::Declaration;
use crate::error::PluginError;
use crate::future::BoxFuture;
use crate::plugin::{ErasedPlugin, Plugin};
use crate::uncompiled::not_compiled;

/// One plugin type that is linked into this program: what it declares and how to set it up.
#[derive(Clone, Debug)]
pub struct Registration {
    declaration: fn() -> &'static Declaration,
    setup: fn(SetupContext) -> Setup,
}

/// A setup under way.
pub type Setup = BoxFuture<'static, Result<Box<dyn ErasedPlugin>, PluginError>>;

inventory::collect!(Registration);

impl Registration {
    /// The registration of `T`, whether it is linked in by name or not.
    pub const fn of<T: Plugin>() -> Self {
        Self {
            declaration: T::declaration,
            setup: setup::<T>,
        }
    }

    /// Stands for the registration of a type that is no plugin, in code that does not compile.
    pub(crate) const fn absent() -> Self {
        Self {
            declaration: not_compiled,
            setup: |_| not_compiled(),
        }
    }

    /// What the plugin declares.
    pub fn declaration(&self) -> &'static Declaration {
        (self.declaration)()
    }

    /// Sets up a new instance: the author's own code, with nothing around it. Whoever runs plugins does
    /// it by the engine, which catches panics and cuts secrets out of errors.
    #[doc(hidden)]
    pub fn setup(&self, context: SetupContext) -> Setup {
        (self.setup)(context)
    }
}

// `T::setup` may panic before its first await: then only the future does.
fn setup<T: Plugin>(context: SetupContext) -> Setup {
    Box::pin(async move {
        let plugin = T::setup(context).await?;
        Ok(Box::new(plugin) as Box<dyn ErasedPlugin>)
    })
}

/// Every plugin linked into this program, sorted by kind and name.
///
/// Rust drops a dependency that nobody names: a program that lists a plugin package in its
/// Cargo.toml and never mentions it does not have the plugin. `dagstack_runtime::link!(package)`
/// mentions it. Duplicates are listed as often as they are linked; a registry refuses them.
pub fn registered() -> Vec<&'static Registration> {
    let mut list: Vec<_> = inventory::iter::<Registration>.into_iter().collect();
    list.sort_by_key(|registration| {
        let declaration = registration.declaration();
        (declaration.kind, declaration.name, declaration.type_path)
    });
    list
}

//! Expansions of kinds name everything by absolute paths.

#![no_implicit_prelude]

#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod dagstack_plugin {}
#[allow(dead_code)]
mod serde {}

#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
struct String;
#[allow(dead_code)]
struct Vec;
#[allow(dead_code)]
struct Box;
#[allow(dead_code)]
struct Arc;
#[allow(dead_code)]
trait Send {}
#[allow(dead_code)]
trait Future {}

use ::dagstack_plugin::{hook, kind, plugin};

#[kind(name = "sizer", version = "1.0.0")]
trait Sizer {
    #[hook(dispatch = "chain")]
    async fn size(&self, text: ::std::string::String) -> ::std::string::String;

    #[hook(
        dispatch = "broadcast_collect",
        error_policy = "best_effort",
        mcp_exposed = false
    )]
    fn looks_good(&self, text: &str) -> bool;

    #[hook(dispatch = "capability", extension = "path")]
    async fn read(&self, path: ::core::option::Option<::std::string::String>) -> bool;
}

#[derive(::core::default::Default)]
struct Bare;

#[plugin(kind = Sizer, name = "bare-of-kind")]
impl Bare {
    #[hook]
    fn size(&self, text: ::std::string::String) -> ::std::string::String {
        text
    }

    #[hook]
    fn looks_good(
        &self,
        ctx: &::dagstack_plugin::HookContext,
        text: &str,
    ) -> ::core::result::Result<bool, ::dagstack_plugin::HookError> {
        let _ = ctx;
        ::core::result::Result::Ok(text.is_empty())
    }

    #[hook(execution_model = "thread_cpu_bound")]
    async fn read(&self, path: ::core::option::Option<::std::string::String>) -> bool {
        path.is_some()
    }
}

pub(crate) fn declaration() -> &'static ::dagstack_plugin::Declaration {
    <Bare as ::dagstack_plugin::Plugin>::declaration()
}

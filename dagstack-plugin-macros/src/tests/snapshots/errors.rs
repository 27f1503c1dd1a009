#[allow(
    clippy::fn_params_excessive_bools,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
)]
impl Echo {
    fn echo(&mut self, text: &str) {}
    fn setup() {}
}
::core::compile_error! {
    "a hook takes `&self`, not `&mut self`: calls run at the same time\nhelp: keep what changes behind a `Mutex` or an atomic"
}
::core::compile_error! {
    "the parameter `text` borrows; a hook owns its arguments\nhelp: write `text: String`"
}
::core::compile_error! {
    "`#[setup]` returns the plugin: `-> Self` or `-> Result<Self, PluginError>`"
}
#[doc(hidden)]
const _: () = {
    #[automatically_derived]
    impl ::dagstack_plugin::__private::Plugin for Echo
    where
        for<'__dagstack> Self: ::dagstack_plugin::__private::Send
            + ::dagstack_plugin::__private::Sync + 'static,
    {
        fn declaration() -> &'static ::dagstack_plugin::__private::Declaration {
            ::dagstack_plugin::__private::not_compiled()
        }
        fn setup(
            _: ::dagstack_plugin::__private::SetupContext,
        ) -> ::dagstack_plugin::__private::SetUp<Self> {
            ::dagstack_plugin::__private::not_compiled()
        }
        fn call<'a>(
            &'a self,
            _: usize,
            _: &'a ::dagstack_plugin::__private::HookContext,
            _: ::dagstack_plugin::__private::Arguments<'_>,
        ) -> ::dagstack_plugin::__private::Called<'a> {
            ::dagstack_plugin::__private::not_compiled()
        }
    }
};
#[doc(hidden)]
#[hook(__dagstack_read)]
const _: () = ();
#[doc(hidden)]
#[setup(__dagstack_read)]
const _: () = ();

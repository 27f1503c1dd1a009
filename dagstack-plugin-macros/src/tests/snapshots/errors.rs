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
    impl ::dagstack_plugin::__private0_1::Plugin for Echo
    where
        for<'__dagstack> Self: ::dagstack_plugin::__private0_1::Send
            + ::dagstack_plugin::__private0_1::Sync + 'static,
    {
        fn declaration() -> &'static ::dagstack_plugin::__private0_1::Declaration {
            ::dagstack_plugin::__private0_1::not_compiled()
        }
        fn setup(
            _: ::dagstack_plugin::__private0_1::SetupContext,
        ) -> ::dagstack_plugin::__private0_1::SetUp<Self> {
            ::dagstack_plugin::__private0_1::not_compiled()
        }
        fn call<'a>(
            &'a self,
            _: usize,
            _: &'a ::dagstack_plugin::__private0_1::HookContext,
            _: ::dagstack_plugin::__private0_1::Arguments<'_>,
        ) -> ::dagstack_plugin::__private0_1::Called<'a> {
            ::dagstack_plugin::__private0_1::not_compiled()
        }
    }
};
#[doc(hidden)]
#[hook(__dagstack_read)]
const _: () = ();
#[doc(hidden)]
#[setup(__dagstack_read)]
const _: () = ();

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
/// Echoes.
impl Echo {
    async fn setup(ctx: &PluginContext<Config>) -> Result<Self, PluginError> {
        Ok(Self)
    }
    /// Nothing.
    fn nothing(&self) {}
    fn health(&self) -> Health {
        Health::Healthy
    }
    async fn teardown(&self) -> Released {
        Released::All
    }
}
const _: () = {
    use ::dagstack_plugin::__private0_1::{self as __dagstack, ask::*};
    trait __dagstack_Types {
        type __dagstack_Type0: ?__dagstack::Sized;
        type __dagstack_Context: ?__dagstack::Sized;
    }
    impl __dagstack_Types for () {
        type __dagstack_Type0 = ();
        type __dagstack_Context = PluginContext<Config>;
    }
    type __dagstack_Type0 = <() as __dagstack_Types>::__dagstack_Type0;
    type __dagstack_Context = <() as __dagstack_Types>::__dagstack_Context;
    trait __dagstack_Checks {
        fn __dagstack_check();
    }
    impl __dagstack_Checks for Echo
    where
        for<'__dagstack> Self: __dagstack::Send + __dagstack::Sync + 'static,
    {
        fn __dagstack_check() {
            <PluginContext<Config> as __dagstack::SetupParam>::__dagstack_check();
            <__dagstack::Same<
                _,
            > as __dagstack::ConfigType>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Context>::ASK.__dagstack_config(),
            );
            <Result<
                Self,
                PluginError,
            > as __dagstack::SetupOutcome<Self>>::__dagstack_check();
            let _ = |__dagstack_context: &__dagstack_Context| {
                let __dagstack_future = <Self>::setup(__dagstack_context);
                let _: &dyn __dagstack::Send = &__dagstack_future;
            };
            let _ = |__dagstack_self: &Self| {
                let __dagstack_future = <Self>::teardown(__dagstack_self);
                let _: &dyn __dagstack::Send = &__dagstack_future;
            };
            <__dagstack::Same<
                _,
            > as __dagstack::HookOutput>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type0>::ASK.__dagstack_split().0,
            );
            <__dagstack::Same<
                _,
            > as __dagstack::HookFailure>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type0>::ASK.__dagstack_split().1,
            );
        }
    }
    const _: fn(&Echo) = |__dagstack_self| {
        let _: &dyn __dagstack::Sync = __dagstack_self;
        let __dagstack_self = __dagstack::Probe::<Echo>::ASK.__dagstack_if_sync();
        let _: &dyn __dagstack::Send = &__dagstack_self;
    };
    const __DAGSTACK_THEN0: __dagstack::Then<__dagstack_Type0> = __dagstack::then!(
        __dagstack_Type0, __dagstack_Type0
    );
    const __DAGSTACK_SCHEMA0: fn() -> __dagstack::Schema = || {
        __dagstack::Probe::<__dagstack_Type0>::ASK.__dagstack_output_schema()
    };
    static __DAGSTACK_HOOKS: [__dagstack::Hook; 1usize] = [
        __dagstack::Hook::new("nothing", &[], __DAGSTACK_SCHEMA0)
            .with_description(__dagstack::Some("Nothing.")),
    ];
    static __DAGSTACK_DECLARATION: __dagstack::Declaration = __dagstack::Declaration {
        description: __dagstack::Some("Echoes."),
        ..__dagstack::declaration(
                "tool",
                "echo",
                ::core::concat!(::core::module_path!(), "::", "Echo"),
                &__DAGSTACK_HOOKS,
                || {
                    __dagstack::Probe::<__dagstack_Context>::ASK
                        .__dagstack_config()
                        .__dagstack_config_schema()
                },
            )
            .of_package(__dagstack::package!())
    };
    #[automatically_derived]
    impl __dagstack::Plugin for Echo
    where
        for<'__dagstack> Self: __dagstack::Send + __dagstack::Sync + 'static,
    {
        fn declaration() -> &'static __dagstack::Declaration {
            &__DAGSTACK_DECLARATION
        }
        fn setup(__dagstack_ctx: __dagstack::SetupContext) -> __dagstack::SetUp<Self> {
            __dagstack::Box::pin(async move {
                let __dagstack_context = __dagstack::Probe::<__dagstack_Context>::ASK
                    .__dagstack_setup(__dagstack_ctx, &__DAGSTACK_DECLARATION)?;
                __dagstack::SetupReturned(
                        __dagstack::MaySend(<Self>::setup(&__dagstack_context))
                            .__dagstack_send()
                            .await,
                        __dagstack::Probe::<Self>::ASK,
                    )
                    .__dagstack_set_up()
            })
        }
        fn call<'__dagstack_a>(
            &'__dagstack_a self,
            __dagstack_hook: usize,
            __dagstack_ctx: &'__dagstack_a __dagstack::HookContext,
            __dagstack_arguments: __dagstack::Arguments<'_>,
        ) -> __dagstack::Called<'__dagstack_a> {
            match __dagstack_hook {
                0usize => {
                    let __dagstack_encoding = __dagstack_arguments.read(&mut [])?;
                    __dagstack::not_awaited(move || (__DAGSTACK_THEN0)(
                        <Self>::nothing(self),
                        __dagstack_encoding,
                    ))
                }
                _ => __dagstack::no_such_hook(),
            }
        }
        fn health(&self) -> __dagstack::BoxFuture<'_, __dagstack::Health> {
            __dagstack::Box::pin(async move {
                <Health as __dagstack::HealthOutcome>::into_health(<Self>::health(self))
            })
        }
        fn teardown(
            &self,
        ) -> __dagstack::BoxFuture<
            '_,
            __dagstack::Result<__dagstack::Released, __dagstack::PluginError>,
        > {
            __dagstack::Box::pin(async move {
                <Released as __dagstack::TeardownOutcome>::into_released(
                    __dagstack::MaySend(<Self>::teardown(self)).__dagstack_send().await,
                )
            })
        }
    }
    __dagstack::inventory::submit! {
        __dagstack::Probe:: < Echo > ::REGISTRATION
    }
};
#[doc(hidden)]
#[setup(__dagstack_read)]
const _: () = ();
#[doc(hidden)]
#[hook(__dagstack_read)]
const _: () = ();
#[doc(hidden)]
#[health(__dagstack_read)]
const _: () = ();
#[doc(hidden)]
#[teardown(__dagstack_read)]
const _: () = ();

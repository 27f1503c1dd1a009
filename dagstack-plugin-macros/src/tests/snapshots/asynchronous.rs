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
    /// Echoes.
    async fn echo(&self, ctx: &HookContext, a: u8) -> Result<u8, Error> {
        Ok(a)
    }
}
const _: () = {
    use ::dagstack_plugin::__private0_1::{self as __dagstack, ask::*};
    trait __dagstack_Types {
        type __dagstack_Type0: ?__dagstack::Sized;
        type __dagstack_Type1: ?__dagstack::Sized;
        type __dagstack_Type2: ?__dagstack::Sized;
    }
    impl __dagstack_Types for () {
        type __dagstack_Type0 = HookContext;
        type __dagstack_Type1 = u8;
        type __dagstack_Type2 = Result<u8, Error>;
    }
    type __dagstack_Type0 = <() as __dagstack_Types>::__dagstack_Type0;
    type __dagstack_Type1 = <() as __dagstack_Types>::__dagstack_Type1;
    type __dagstack_Type2 = <() as __dagstack_Types>::__dagstack_Type2;
    trait __dagstack_Checks {
        fn __dagstack_check();
    }
    impl __dagstack_Checks for Echo
    where
        for<'__dagstack> Self: __dagstack::Send + __dagstack::Sync + 'static,
    {
        fn __dagstack_check() {
            <Echo as __dagstack::WithDefault>::__dagstack_check();
            <HookContext as __dagstack::ContextParam>::__dagstack_check();
            <u8 as __dagstack::HookInput>::__dagstack_check();
            <__dagstack::Same<
                _,
            > as __dagstack::HookOutput>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type2>::ASK.__dagstack_split().0,
            );
            <__dagstack::Same<
                _,
            > as __dagstack::HookFailure>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type2>::ASK.__dagstack_split().1,
            );
            let _ = |
                __dagstack_self: &Self,
                __dagstack_0: &__dagstack_Type0,
                __dagstack_1: __dagstack_Type1|
            {
                let __dagstack_future = __dagstack::Probe::<__dagstack_Type1>::ASK
                    .__dagstack_if_read(
                        <Self>::echo(__dagstack_self, __dagstack_0, __dagstack_1),
                    );
                let _: &dyn __dagstack::Send = &__dagstack_future;
            };
        }
    }
    const _: fn(&Echo) = |__dagstack_self| {
        let _: &dyn __dagstack::Sync = __dagstack_self;
        let __dagstack_self = __dagstack::Probe::<Echo>::ASK.__dagstack_if_sync();
        let _: &dyn __dagstack::Send = &__dagstack_self;
    };
    const __DAGSTACK_CONTEXT0: fn(&__dagstack::HookContext) -> &__dagstack_Type0 = |
        __dagstack_ctx|
    __dagstack::Probe::<__dagstack_Type0>::ASK.__dagstack_context(__dagstack_ctx);
    const __DAGSTACK_INPUT1: &'static __dagstack::Input<__dagstack_Type1> = __dagstack::Probe::<
        __dagstack_Type1,
    >::INPUT;
    const __DAGSTACK_THEN2: __dagstack::Then<__dagstack_Type2> = __dagstack::then!(
        __dagstack_Type2, __dagstack_Type2
    );
    const __DAGSTACK_SCHEMA2: fn() -> __dagstack::Schema = || {
        __dagstack::Probe::<__dagstack_Type2>::ASK.__dagstack_output_schema()
    };
    static __DAGSTACK_HOOKS: [__dagstack::Hook; 1usize] = [
        __dagstack::Hook::new(
                "echo",
                &[__DAGSTACK_INPUT1.param("a", "")],
                __DAGSTACK_SCHEMA2,
            )
            .with_description(__dagstack::Some("Echoes."))
            .with_execution_model(__dagstack::ExecutionModel::Async)
            .with_context(),
    ];
    static __DAGSTACK_DECLARATION: __dagstack::Declaration = __dagstack::Declaration {
        description: __dagstack::Some("Echoes."),
        execution_model: __dagstack::ExecutionModel::Async,
        ..__dagstack::declaration(
                "tool",
                "echo",
                ::core::concat!(::core::module_path!(), "::", "Echo"),
                &__DAGSTACK_HOOKS,
                __dagstack::no_config_schema,
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
            let __dagstack_new = || __dagstack::Probe::<Self>::ASK.__dagstack_default();
            __dagstack::set_up_default(__dagstack_ctx, __dagstack_new)
        }
        fn call<'__dagstack_a>(
            &'__dagstack_a self,
            __dagstack_hook: usize,
            __dagstack_ctx: &'__dagstack_a __dagstack::HookContext,
            __dagstack_arguments: __dagstack::Arguments<'_>,
        ) -> __dagstack::Called<'__dagstack_a> {
            match __dagstack_hook {
                0usize => {
                    let mut __dagstack_1 = __DAGSTACK_INPUT1.__dagstack_slot();
                    let __dagstack_encoding = __dagstack_arguments
                        .read(&mut [&mut __dagstack_1])?;
                    let __dagstack_call = __dagstack::MaySend(
                            <Self>::echo(
                                self,
                                __DAGSTACK_CONTEXT0(__dagstack_ctx),
                                __dagstack_1.__dagstack_take(),
                            ),
                        )
                        .__dagstack_send();
                    __dagstack::Awaited::call(
                        __dagstack_call,
                        __DAGSTACK_THEN2,
                        __dagstack_encoding,
                    )
                }
                _ => __dagstack::no_such_hook(),
            }
        }
    }
    __dagstack::inventory::submit! {
        __dagstack::Probe:: < Echo > ::REGISTRATION
    }
};
#[doc(hidden)]
#[hook(__dagstack_read)]
const _: () = ();

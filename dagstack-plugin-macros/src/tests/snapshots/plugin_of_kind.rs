const _: () = {
    use ::dagstack_plugin::__private0_1::{self as __dagstack, ask::*};
    trait __dagstack_Types {
        type __dagstack_Type0: ?__dagstack::Sized;
        type __dagstack_Type1: ?__dagstack::Sized;
        type __dagstack_Type2: ?__dagstack::Sized;
        type __dagstack_Type3<'__dagstack_a>: ?__dagstack::Sized;
        type __dagstack_Type4: ?__dagstack::Sized;
    }
    impl __dagstack_Types for () {
        type __dagstack_Type0 = HookContext;
        type __dagstack_Type1 = String;
        type __dagstack_Type2 = Vec<Chunk>;
        type __dagstack_Type3<'__dagstack_a> = &'__dagstack_a str;
        type __dagstack_Type4 = bool;
    }
    type __dagstack_Type0 = <() as __dagstack_Types>::__dagstack_Type0;
    type __dagstack_Type1 = <() as __dagstack_Types>::__dagstack_Type1;
    type __dagstack_Type2 = <() as __dagstack_Types>::__dagstack_Type2;
    type __dagstack_Type3<'__dagstack_a> = <() as __dagstack_Types>::__dagstack_Type3<
        '__dagstack_a,
    >;
    type __dagstack_Type4 = <() as __dagstack_Types>::__dagstack_Type4;
    trait __dagstack_Checks {
        fn __dagstack_check();
    }
    impl __dagstack_Checks for Fixed
    where
        for<'__dagstack> Self: __dagstack::Send + __dagstack::Sync + 'static,
    {
        fn __dagstack_check() {
            <Fixed as __dagstack::WithDefault>::__dagstack_check();
            <HookContext as __dagstack::ContextParam>::__dagstack_check();
            <__dagstack::Same<
                _,
            > as __dagstack::HookReturn<
                __dagstack_Value0,
            >>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type2>::ASK.__dagstack_split().0,
            );
            <__dagstack::Same<
                _,
            > as __dagstack::HookFailure>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type2>::ASK.__dagstack_split().1,
            );
            <__dagstack::Same<
                _,
            > as __dagstack::HookReturn<
                __dagstack_Value1,
            >>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type4>::ASK.__dagstack_split().0,
            );
            <__dagstack::Same<
                _,
            > as __dagstack::HookFailure>::__dagstack_check_inferred(
                __dagstack::Probe::<__dagstack_Type4>::ASK.__dagstack_split().1,
            );
        }
    }
    const _: fn(&Fixed) = |__dagstack_self| {
        let _: &dyn __dagstack::Sync = __dagstack_self;
        let __dagstack_self = __dagstack::Probe::<Fixed>::ASK.__dagstack_if_sync();
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
    static __DAGSTACK_HOOKS: [__dagstack::Hook; 2usize] = [
        __dagstack::Hook::new(
                "chunk",
                &[__DAGSTACK_INPUT1.param("text", "")],
                || __dagstack::kind_output::<__dagstack_Kind>(0usize),
            )
            .with_description(
                __dagstack::described::<__dagstack_Kind>(__dagstack::None, 0usize),
            )
            .with_context()
            .with_input_schema(|__dagstack_hook| {
                __dagstack::kind_input::<
                    __dagstack_Kind,
                >(0usize, __dagstack_hook, __dagstack::Hook::parameters_schema)
            }),
        __dagstack::Hook::new(
                "looks_good",
                &[__dagstack::Param::of_struct("text", false)],
                || __dagstack::kind_output::<__dagstack_Kind>(1usize),
            )
            .with_description(
                __dagstack::described::<__dagstack_Kind>(__dagstack::None, 1usize),
            )
            .not_exposed()
            .with_input_schema(|__dagstack_hook| {
                __dagstack::kind_input::<
                    __dagstack_Kind,
                >(1usize, __dagstack_hook, __dagstack::no_schema)
            }),
    ];
    static __DAGSTACK_DECLARATION: __dagstack::Declaration = __dagstack::Declaration {
        description: __dagstack::Some("Fixed."),
        kind_spec: __dagstack::Some(<__dagstack_Kind as __dagstack::Kind>::SPEC),
        kind_api_version: "1",
        ..__dagstack::declaration(
                "chunker",
                "fixed",
                ::core::concat!(::core::module_path!(), "::", "Fixed"),
                &__DAGSTACK_HOOKS,
                __dagstack::no_config_schema,
            )
            .of_package(__dagstack::package!())
    };
    type __dagstack_Kind = (dyn Chunker + 'static);
    type __dagstack_Value0 = <__dagstack_Kind as __dagstack::HookSpec<0usize>>::Output;
    type __dagstack_Given0<'__dagstack_a> = <__dagstack_Kind as __dagstack::HookSpec<
        0usize,
    >>::Args<'__dagstack_a>;
    type __dagstack_Taken0 = (__dagstack_Type1,);
    #[automatically_derived]
    impl __dagstack::Run<(dyn Chunker + 'static), 0usize> for Fixed
    where
        for<'__dagstack> Self: __dagstack::Send + __dagstack::Sync + 'static,
        for<'__dagstack> __dagstack_Value0: __dagstack::Send,
        for<'__dagstack> __dagstack_Type1: __dagstack::Send,
    {
        const PLACE: usize = 0usize;
        fn run<'__dagstack_x, '__dagstack_a: '__dagstack_x>(
            __dagstack_native: &'__dagstack_x __dagstack::Native<Self>,
            __dagstack_ctx: &'__dagstack_x __dagstack::HookContext,
            __dagstack_given: __dagstack_Given0<'__dagstack_a>,
        ) -> impl __dagstack::Future<
            Output = __dagstack::Result<__dagstack_Value0, __dagstack::HookError>,
        > + __dagstack::Send + '__dagstack_x {
            let __dagstack_args = __dagstack::Fitting::<
                _,
                __dagstack_Taken0,
            >::new(__dagstack_given)
                .__dagstack_fit();
            async move {
                let __dagstack_ctx = __dagstack_native.bind(__dagstack_ctx);
                let __dagstack_failure = __dagstack::Probe::<__dagstack_Type2>::ASK
                    .__dagstack_split()
                    .1
                    .__dagstack_failure();
                let __dagstack_returned = <Fixed>::chunk(
                    __dagstack_native.plugin(),
                    __dagstack::Probe::<__dagstack_Type0>::ASK
                        .__dagstack_context(&__dagstack_ctx),
                    __dagstack_args.0,
                );
                __dagstack::Ended::<_, __dagstack_Value0>::new(__dagstack_returned)
                    .__dagstack_end(__dagstack_failure)
            }
        }
    }
    type __dagstack_Value1 = <__dagstack_Kind as __dagstack::HookSpec<1usize>>::Output;
    struct FixedShell(__dagstack::Native<Fixed>);
    #[automatically_derived]
    impl Chunker for FixedShell
    where
        for<'__dagstack> Fixed: __dagstack::Send + __dagstack::Sync + 'static,
        for<'__dagstack> __dagstack_Value0: __dagstack::Send,
        for<'__dagstack> __dagstack_Type1: __dagstack::Send,
        for<'__dagstack> __dagstack_Value1: __dagstack::Send,
        for<'__dagstack> str: __dagstack::Sync,
    {
        fn chunk<'life0, 'life1, 'async_trait>(
            &'life0 self,
            __dagstack_ctx: &'life1 __dagstack::HookContext,
            __dagstack_0: String,
        ) -> __dagstack::BoxFuture<
            'async_trait,
            __dagstack::Result<__dagstack_Value0, __dagstack::HookError>,
        >
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            let __dagstack_args = __dagstack::Fitting::<
                _,
                __dagstack_Given0<'_>,
            >::new((__dagstack_0,))
                .__dagstack_fit();
            self.0
                .call::<(dyn Chunker + 'static), 0usize>(__dagstack_ctx, __dagstack_args)
        }
        fn looks_good(
            &self,
            __dagstack_ctx: &__dagstack::HookContext,
            __dagstack_0: &str,
        ) -> __dagstack::Result<__dagstack_Value1, __dagstack::HookError> {
            self.0
                .call_now(
                    1usize,
                    __dagstack_ctx,
                    move |__dagstack_plugin, __dagstack_ctx| {
                        let __dagstack_args = (__dagstack_0,);
                        let __dagstack_failure = __dagstack::Probe::<
                            __dagstack_Type4,
                        >::ASK
                            .__dagstack_split()
                            .1
                            .__dagstack_failure();
                        let __dagstack_returned = <Fixed>::looks_good(
                            __dagstack_plugin,
                            __dagstack_args.0,
                        );
                        __dagstack::Ended::<
                            _,
                            __dagstack_Value1,
                        >::new(__dagstack_returned)
                            .__dagstack_end(__dagstack_failure)
                    },
                )
        }
    }
    #[automatically_derived]
    impl __dagstack::Shell<Fixed> for FixedShell
    where
        for<'__dagstack> Fixed: __dagstack::Send + __dagstack::Sync + 'static,
        for<'__dagstack> __dagstack_Value0: __dagstack::Send,
        for<'__dagstack> __dagstack_Type1: __dagstack::Send,
        for<'__dagstack> __dagstack_Value1: __dagstack::Send,
        for<'__dagstack> str: __dagstack::Sync,
    {
        fn wrap(
            __dagstack_native: __dagstack::Native<Fixed>,
        ) -> __dagstack::Arc<dyn __dagstack::Any + __dagstack::Send + __dagstack::Sync> {
            let __dagstack_shell: __dagstack::Arc<__dagstack_Kind> = __dagstack::Arc::new(
                FixedShell(__dagstack_native),
            );
            __dagstack::Arc::new(__dagstack_shell)
        }
    }
    #[automatically_derived]
    impl __dagstack::Plugin for Fixed
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
                    __dagstack::not_awaited(move || (__DAGSTACK_THEN2)(
                        <Self>::chunk(
                            self,
                            __DAGSTACK_CONTEXT0(__dagstack_ctx),
                            __dagstack_1.__dagstack_take(),
                        ),
                        __dagstack_encoding,
                    ))
                }
                1usize => {
                    __dagstack::used((
                        <Fixed>::looks_good,
                        <__dagstack_Kind as Chunker>::looks_good,
                    ));
                    __dagstack::Ok(
                        __dagstack::hidden_hook(
                            <__dagstack_Kind as __dagstack::Kind>::SPEC,
                            1usize,
                        ),
                    )
                }
                _ => __dagstack::no_such_hook(),
            }
        }
        fn native(
            self: __dagstack::Arc<Self>,
            __dagstack_lease: __dagstack::Arc<__dagstack::Lease>,
        ) -> __dagstack::Option<
            __dagstack::Arc<dyn __dagstack::Any + __dagstack::Send + __dagstack::Sync>,
        > {
            __dagstack::Probe::<FixedShell>::ASK
                .__dagstack_native(__dagstack::Native::new(self, __dagstack_lease))
        }
    }
    __dagstack::inventory::submit! {
        __dagstack::Probe:: < Fixed > ::REGISTRATION
    }
};

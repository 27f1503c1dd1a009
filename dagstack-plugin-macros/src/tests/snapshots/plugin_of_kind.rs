#[doc(hidden)]
#[allow(
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    deprecated,
    elided_lifetimes_in_paths,
    mismatched_lifetime_syntaxes,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    single_use_lifetimes,
    unused_braces,
    unused_imports,
    unused_lifetimes,
    unused_mut,
    unused_parens,
    unused_qualifications,
    unused_variables,
)]
const _: () = {
    use ::dagstack_plugin::__private::ask::*;
    enum __dagstack_Index {
        Hook0,
        Hook1,
        Count,
    }
    const __DAGSTACK_HOOK0: usize = __dagstack_Index::Hook0 as usize;
    const __DAGSTACK_HOOK1: usize = __dagstack_Index::Hook1 as usize;
    trait __dagstack_Types {
        type __dagstack_Type0_0: ?::dagstack_plugin::__private::Sized;
        type __dagstack_Type0_1: ?::dagstack_plugin::__private::Sized;
        type __dagstack_Output0: ?::dagstack_plugin::__private::Sized;
        type __dagstack_Type1_0<'__dagstack_a>: ?::dagstack_plugin::__private::Sized;
        type __dagstack_Output1: ?::dagstack_plugin::__private::Sized;
    }
    impl __dagstack_Types for __dagstack_Index {
        type __dagstack_Type0_0 = HookContext;
        type __dagstack_Type0_1 = String;
        type __dagstack_Output0 = Vec<Chunk>;
        type __dagstack_Type1_0<'__dagstack_a> = &'__dagstack_a str;
        type __dagstack_Output1 = bool;
    }
    type __dagstack_Type0_0 = <__dagstack_Index as __dagstack_Types>::__dagstack_Type0_0;
    type __dagstack_Type0_1 = <__dagstack_Index as __dagstack_Types>::__dagstack_Type0_1;
    type __dagstack_Output0 = <__dagstack_Index as __dagstack_Types>::__dagstack_Output0;
    type __dagstack_Type1_0<'__dagstack_a> = <__dagstack_Index as __dagstack_Types>::__dagstack_Type1_0<
        '__dagstack_a,
    >;
    type __dagstack_Output1 = <__dagstack_Index as __dagstack_Types>::__dagstack_Output1;
    #[allow(dead_code)]
    trait __dagstack_Checks {
        fn __dagstack_check()
        where
            for<'__dagstack> Self: ::dagstack_plugin::__private::Send
                + ::dagstack_plugin::__private::Sync + 'static;
        fn __dagstack_check_shared(__dagstack_self: &Self);
    }
    impl __dagstack_Checks for Fixed {
        fn __dagstack_check()
        where
            for<'__dagstack> Self: ::dagstack_plugin::__private::Send
                + ::dagstack_plugin::__private::Sync + 'static,
        {
            <Fixed as ::dagstack_plugin::__private::WithDefault>::__dagstack_check();
            {
                <HookContext as ::dagstack_plugin::__private::ContextParam>::__dagstack_check();
                <::dagstack_plugin::__private::Same<
                    _,
                > as ::dagstack_plugin::__private::HookReturn<
                    __dagstack_Value0,
                >>::__dagstack_check_inferred(
                    ::dagstack_plugin::__private::Probe::<__dagstack_Output0>::ASK
                        .__dagstack_split()
                        .0,
                );
                <::dagstack_plugin::__private::Same<
                    _,
                > as ::dagstack_plugin::__private::HookFailure>::__dagstack_check_inferred(
                    ::dagstack_plugin::__private::Probe::<__dagstack_Output0>::ASK
                        .__dagstack_split()
                        .1,
                );
            }
            {
                <::dagstack_plugin::__private::Same<
                    _,
                > as ::dagstack_plugin::__private::HookReturn<
                    __dagstack_Value1,
                >>::__dagstack_check_inferred(
                    ::dagstack_plugin::__private::Probe::<__dagstack_Output1>::ASK
                        .__dagstack_split()
                        .0,
                );
                <::dagstack_plugin::__private::Same<
                    _,
                > as ::dagstack_plugin::__private::HookFailure>::__dagstack_check_inferred(
                    ::dagstack_plugin::__private::Probe::<__dagstack_Output1>::ASK
                        .__dagstack_split()
                        .1,
                );
            }
        }
        fn __dagstack_check_shared(__dagstack_self: &Self) {
            let _: &dyn ::dagstack_plugin::__private::Sync = __dagstack_self;
            let __dagstack_self = ::dagstack_plugin::__private::Probe::<Self>::ASK
                .__dagstack_if_sync();
            let _: &dyn ::dagstack_plugin::__private::Send = &__dagstack_self;
        }
    }
    #[derive(
        ::dagstack_plugin::__private::serde::Deserialize,
        ::dagstack_plugin::__private::schemars::JsonSchema
    )]
    #[serde(
        crate = "::dagstack_plugin::__private::serde",
        deny_unknown_fields,
        bound(
            deserialize = "for<'__dagstack> __dagstack_Type0_1: ::dagstack_plugin::__private::serde::Deserialize<'de>"
        )
    )]
    #[schemars(
        crate = "::dagstack_plugin::__private::schemars",
        bound = "for<'__dagstack> __dagstack_Type0_1: ::dagstack_plugin::__private::schemars::JsonSchema"
    )]
    struct __dagstack_Args0<const __DAGSTACK: bool> {
        text: __dagstack_Type0_1,
    }
    static __DAGSTACK_HOOKS: [::dagstack_plugin::__private::Hook; __dagstack_Index::Count
        as usize] = [
        ::dagstack_plugin::__private::Hook {
            name: "chunk",
            description: ::dagstack_plugin::__private::described::<
                __dagstack_Kind,
            >(::dagstack_plugin::__private::None, 0usize),
            execution_model: ::dagstack_plugin::__private::ExecutionModel::Sync,
            mcp_exposed: true,
            takes_context: true,
            texts: &[
                (
                    "text",
                    ::dagstack_plugin::__private::Probe::<__dagstack_Type0_1>::IS_TEXT,
                ),
            ],
            input_schema: || ::dagstack_plugin::__private::kind_input::<
                __dagstack_Kind,
            >(
                0usize,
                ::dagstack_plugin::__private::Probe::<__dagstack_Args0<true>>::ASK
                    .__dagstack_input_schema(),
            ),
            output_schema: || ::dagstack_plugin::__private::kind_output::<
                __dagstack_Kind,
            >(0usize),
            schemas: ::dagstack_plugin::__private::OnceLock::new(),
        },
        ::dagstack_plugin::__private::Hook {
            name: "looks_good",
            description: ::dagstack_plugin::__private::described::<
                __dagstack_Kind,
            >(::dagstack_plugin::__private::None, 1usize),
            execution_model: ::dagstack_plugin::__private::ExecutionModel::Sync,
            mcp_exposed: false,
            takes_context: false,
            texts: &[],
            input_schema: || ::dagstack_plugin::__private::kind_input::<
                __dagstack_Kind,
            >(1usize, ::dagstack_plugin::__private::no_schema()),
            output_schema: || ::dagstack_plugin::__private::kind_output::<
                __dagstack_Kind,
            >(1usize),
            schemas: ::dagstack_plugin::__private::OnceLock::new(),
        },
    ];
    const __DAGSTACK_AUTHORS: &[&str] = &::dagstack_plugin::__private::split_authors::<
        {
            ::dagstack_plugin::__private::count_authors(
                ::core::option_env!("CARGO_PKG_AUTHORS"),
            )
        },
    >(::core::option_env!("CARGO_PKG_AUTHORS"));
    static __DAGSTACK_DECLARATION: ::dagstack_plugin::__private::Declaration = ::dagstack_plugin::__private::Declaration {
        version: ::dagstack_plugin::__private::non_empty(
            ::core::option_env!("CARGO_PKG_VERSION"),
        ),
        license: ::dagstack_plugin::__private::non_empty(
            ::core::option_env!("CARGO_PKG_LICENSE"),
        ),
        homepage: ::dagstack_plugin::__private::non_empty(
            ::core::option_env!("CARGO_PKG_HOMEPAGE"),
        ),
        maintainer: ::dagstack_plugin::__private::first(__DAGSTACK_AUTHORS),
        authors: __DAGSTACK_AUTHORS,
        description: ::dagstack_plugin::__private::non_empty(
            ::dagstack_plugin::__private::Some("Fixed."),
        ),
        execution_model: ::dagstack_plugin::__private::most_demanding(
            &[
                ::dagstack_plugin::__private::ExecutionModel::Sync,
                ::dagstack_plugin::__private::ExecutionModel::Sync,
            ],
        ),
        kind_spec: ::dagstack_plugin::__private::Some(
            <__dagstack_Kind as ::dagstack_plugin::__private::Kind>::SPEC,
        ),
        kind_api_version: "1",
        ..::dagstack_plugin::__private::declaration(
            "chunker",
            "fixed",
            ::core::concat!(::core::module_path!(), "::", "Fixed"),
            &__DAGSTACK_HOOKS,
            ::dagstack_plugin::__private::no_config_schema,
        )
    };
    type __dagstack_Kind = (dyn Chunker + 'static);
    type __dagstack_Value0 = <__dagstack_Kind as ::dagstack_plugin::__private::HookSpec<
        0usize,
    >>::Output;
    type __dagstack_Given0<'__dagstack_a> = <__dagstack_Kind as ::dagstack_plugin::__private::HookSpec<
        0usize,
    >>::Args<'__dagstack_a>;
    type __dagstack_Taken0 = (__dagstack_Type0_1,);
    #[automatically_derived]
    impl ::dagstack_plugin::__private::Run<(dyn Chunker + 'static), 0usize> for Fixed
    where
        for<'__dagstack> Self: ::dagstack_plugin::__private::Send
            + ::dagstack_plugin::__private::Sync + 'static,
        for<'__dagstack> __dagstack_Value0: ::dagstack_plugin::__private::Send,
        for<'__dagstack> __dagstack_Type0_1: ::dagstack_plugin::__private::Send,
    {
        const PLACE: usize = __DAGSTACK_HOOK0;
        fn run<'__dagstack_x, '__dagstack_a: '__dagstack_x>(
            __dagstack_native: &'__dagstack_x ::dagstack_plugin::__private::Native<Self>,
            __dagstack_ctx: &'__dagstack_x ::dagstack_plugin::__private::HookContext,
            __dagstack_given: __dagstack_Given0<'__dagstack_a>,
        ) -> impl ::dagstack_plugin::__private::Future<
            Output = ::dagstack_plugin::__private::Result<
                __dagstack_Value0,
                ::dagstack_plugin::__private::HookError,
            >,
        > + ::dagstack_plugin::__private::Send + '__dagstack_x {
            let __dagstack_args = ::dagstack_plugin::__private::Fitting::<
                _,
                __dagstack_Taken0,
            >::new(__dagstack_given)
                .__dagstack_fit();
            async move {
                let __dagstack_ctx = __dagstack_native.bind(__dagstack_ctx);
                let __dagstack_failure = ::dagstack_plugin::__private::Probe::<
                    __dagstack_Output0,
                >::ASK
                    .__dagstack_split()
                    .1
                    .__dagstack_failure();
                let __dagstack_returned = <Fixed>::chunk(
                    __dagstack_native.plugin(),
                    ::dagstack_plugin::__private::Probe::<__dagstack_Type0_0>::ASK
                        .__dagstack_context(&__dagstack_ctx),
                    __dagstack_args.0,
                );
                ::dagstack_plugin::__private::Ended::<
                    _,
                    __dagstack_Value0,
                >::new(__dagstack_returned)
                    .__dagstack_end(__dagstack_failure)
            }
        }
    }
    type __dagstack_Value1 = <__dagstack_Kind as ::dagstack_plugin::__private::HookSpec<
        1usize,
    >>::Output;
    type __dagstack_Given1<'__dagstack_a> = <__dagstack_Kind as ::dagstack_plugin::__private::HookSpec<
        1usize,
    >>::Args<'__dagstack_a>;
    type __dagstack_Taken1<'__dagstack_a> = (__dagstack_Type1_0<'__dagstack_a>,);
    struct FixedShell(::dagstack_plugin::__private::Native<Fixed>);
    #[automatically_derived]
    impl Chunker for FixedShell
    where
        for<'__dagstack> Fixed: ::dagstack_plugin::__private::Send
            + ::dagstack_plugin::__private::Sync + 'static,
        for<'__dagstack> __dagstack_Value0: ::dagstack_plugin::__private::Send,
        for<'__dagstack> __dagstack_Type0_1: ::dagstack_plugin::__private::Send,
        for<'__dagstack> __dagstack_Value1: ::dagstack_plugin::__private::Send,
        for<'__dagstack> str: ::dagstack_plugin::__private::Sync,
    {
        fn chunk<'life0, 'life1, 'async_trait>(
            &'life0 self,
            __dagstack_ctx: &'life1 ::dagstack_plugin::__private::HookContext,
            __dagstack_0: String,
        ) -> ::dagstack_plugin::__private::BoxFuture<
            'async_trait,
            ::dagstack_plugin::__private::Result<
                __dagstack_Value0,
                ::dagstack_plugin::__private::HookError,
            >,
        >
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            let __dagstack_args = ::dagstack_plugin::__private::Fitting::<
                _,
                __dagstack_Given0<'_>,
            >::new((__dagstack_0,))
                .__dagstack_fit();
            self.0
                .call::<(dyn Chunker + 'static), 0usize>(__dagstack_ctx, __dagstack_args)
        }
        fn looks_good(
            &self,
            __dagstack_ctx: &::dagstack_plugin::__private::HookContext,
            __dagstack_0: &str,
        ) -> ::dagstack_plugin::__private::Result<
            __dagstack_Value1,
            ::dagstack_plugin::__private::HookError,
        > {
            self.0
                .call_now(
                    __DAGSTACK_HOOK1,
                    __dagstack_ctx,
                    move |__dagstack_plugin, __dagstack_ctx| {
                        let __dagstack_args = (__dagstack_0,);
                        let __dagstack_failure = ::dagstack_plugin::__private::Probe::<
                            __dagstack_Output1,
                        >::ASK
                            .__dagstack_split()
                            .1
                            .__dagstack_failure();
                        let __dagstack_returned = <Fixed>::looks_good(
                            __dagstack_plugin,
                            __dagstack_args.0,
                        );
                        ::dagstack_plugin::__private::Ended::<
                            _,
                            __dagstack_Value1,
                        >::new(__dagstack_returned)
                            .__dagstack_end(__dagstack_failure)
                    },
                )
        }
    }
    #[automatically_derived]
    impl ::dagstack_plugin::__private::Shell<Fixed> for FixedShell
    where
        for<'__dagstack> Fixed: ::dagstack_plugin::__private::Send
            + ::dagstack_plugin::__private::Sync + 'static,
        for<'__dagstack> __dagstack_Value0: ::dagstack_plugin::__private::Send,
        for<'__dagstack> __dagstack_Type0_1: ::dagstack_plugin::__private::Send,
        for<'__dagstack> __dagstack_Value1: ::dagstack_plugin::__private::Send,
        for<'__dagstack> str: ::dagstack_plugin::__private::Sync,
    {
        fn wrap(
            __dagstack_native: ::dagstack_plugin::__private::Native<Fixed>,
        ) -> ::dagstack_plugin::__private::Arc<
            dyn ::dagstack_plugin::__private::Any + ::dagstack_plugin::__private::Send + ::dagstack_plugin::__private::Sync,
        > {
            let __dagstack_shell: ::dagstack_plugin::__private::Arc<__dagstack_Kind> = ::dagstack_plugin::__private::Arc::new(
                FixedShell(__dagstack_native),
            );
            ::dagstack_plugin::__private::Arc::new(__dagstack_shell)
        }
    }
    #[automatically_derived]
    impl ::dagstack_plugin::__private::Plugin for Fixed
    where
        for<'__dagstack> Self: ::dagstack_plugin::__private::Send
            + ::dagstack_plugin::__private::Sync + 'static,
    {
        fn declaration() -> &'static ::dagstack_plugin::__private::Declaration {
            &__DAGSTACK_DECLARATION
        }
        fn setup(
            __dagstack_context: ::dagstack_plugin::__private::SetupContext,
        ) -> ::dagstack_plugin::__private::BoxFuture<
            'static,
            ::dagstack_plugin::__private::Result<
                Self,
                ::dagstack_plugin::__private::PluginError,
            >,
        > {
            ::dagstack_plugin::__private::Box::pin(async move {
                ::dagstack_plugin::__private::no_config(
                    __dagstack_context,
                    &__DAGSTACK_DECLARATION,
                )?;
                ::dagstack_plugin::__private::Ok(
                    ::dagstack_plugin::__private::Probe::<Self>::ASK.__dagstack_default(),
                )
            })
        }
        fn call<'__dagstack_a>(
            &'__dagstack_a self,
            __dagstack_hook: usize,
            __dagstack_ctx: &'__dagstack_a ::dagstack_plugin::__private::HookContext,
            __dagstack_input: ::dagstack_plugin::__private::Args<'__dagstack_a>,
        ) -> ::dagstack_plugin::__private::BoxFuture<
            '__dagstack_a,
            ::dagstack_plugin::__private::Result<
                ::dagstack_plugin::__private::Output,
                ::dagstack_plugin::__private::HookError,
            >,
        > {
            match __dagstack_hook {
                __DAGSTACK_HOOK0 => {
                    ::dagstack_plugin::__private::Box::pin(async move {
                        let __dagstack_hook = &__DAGSTACK_HOOKS[__DAGSTACK_HOOK0];
                        let __dagstack_form = __dagstack_input.form();
                        let __dagstack_failure = ::dagstack_plugin::__private::Probe::<
                            __dagstack_Output0,
                        >::ASK
                            .__dagstack_split()
                            .1
                            .__dagstack_failure();
                        let __dagstack_args = ::dagstack_plugin::__private::Probe::<
                            __dagstack_Args0<true>,
                        >::ASK
                            .__dagstack_decode(
                                &__DAGSTACK_DECLARATION,
                                __dagstack_hook,
                                __dagstack_input,
                            )?;
                        let mut __dagstack_output = ::dagstack_plugin::__private::Returned(
                            <Self>::chunk(
                                self,
                                ::dagstack_plugin::__private::Probe::<
                                    __dagstack_Type0_0,
                                >::ASK
                                    .__dagstack_context(__dagstack_ctx),
                                __dagstack_args.text,
                            ),
                        );
                        __dagstack_output
                            .__dagstack_encode(
                                __dagstack_hook,
                                __dagstack_form,
                                __dagstack_failure,
                            )
                    })
                }
                __DAGSTACK_HOOK1 => {
                    ::dagstack_plugin::__private::used((
                        <Fixed>::looks_good,
                        <__dagstack_Kind as Chunker>::looks_good,
                    ));
                    ::dagstack_plugin::__private::hidden_hook(
                        <__dagstack_Kind as ::dagstack_plugin::__private::Kind>::SPEC,
                        1usize,
                    )
                }
                _ => {
                    ::dagstack_plugin::__private::no_such_hook(
                        &__DAGSTACK_DECLARATION,
                        __dagstack_hook,
                    )
                }
            }
        }
        fn health(
            &self,
        ) -> ::dagstack_plugin::__private::BoxFuture<
            '_,
            ::dagstack_plugin::__private::Health,
        > {
            ::dagstack_plugin::__private::healthy()
        }
        fn teardown(
            &self,
        ) -> ::dagstack_plugin::__private::BoxFuture<
            '_,
            ::dagstack_plugin::__private::Result<
                ::dagstack_plugin::__private::Released,
                ::dagstack_plugin::__private::PluginError,
            >,
        > {
            ::dagstack_plugin::__private::released()
        }
        fn native(
            self: ::dagstack_plugin::__private::Arc<Self>,
            __dagstack_lease: ::dagstack_plugin::__private::Arc<
                ::dagstack_plugin::__private::Lease,
            >,
        ) -> ::dagstack_plugin::__private::Option<
            ::dagstack_plugin::__private::Arc<
                dyn ::dagstack_plugin::__private::Any + ::dagstack_plugin::__private::Send + ::dagstack_plugin::__private::Sync,
            >,
        > {
            ::dagstack_plugin::__private::Probe::<FixedShell>::ASK
                .__dagstack_native(
                    ::dagstack_plugin::__private::Native::new(self, __dagstack_lease),
                )
        }
    }
    ::dagstack_plugin::__private::inventory::submit! {
        ::dagstack_plugin::__private::Probe:: < Fixed > ::REGISTRATION
    }
};

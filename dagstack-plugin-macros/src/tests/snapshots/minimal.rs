/// Echoes.
impl Echo {
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
    fn echo(&self, text: String) -> String {
        text
    }
}
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
        Count,
    }
    const __DAGSTACK_HOOK0: usize = __dagstack_Index::Hook0 as usize;
    trait __dagstack_Types {
        type __dagstack_Type0_0: ?::dagstack_plugin::__private::Sized;
        type __dagstack_Output0: ?::dagstack_plugin::__private::Sized;
    }
    impl __dagstack_Types for __dagstack_Index {
        type __dagstack_Type0_0 = String;
        type __dagstack_Output0 = String;
    }
    type __dagstack_Type0_0 = <__dagstack_Index as __dagstack_Types>::__dagstack_Type0_0;
    type __dagstack_Output0 = <__dagstack_Index as __dagstack_Types>::__dagstack_Output0;
    #[allow(dead_code)]
    trait __dagstack_Checks {
        fn __dagstack_check()
        where
            for<'__dagstack> Self: ::dagstack_plugin::__private::Send
                + ::dagstack_plugin::__private::Sync + 'static;
        fn __dagstack_check_shared(__dagstack_self: &Self);
    }
    impl __dagstack_Checks for Echo {
        fn __dagstack_check()
        where
            for<'__dagstack> Self: ::dagstack_plugin::__private::Send
                + ::dagstack_plugin::__private::Sync + 'static,
        {
            <Echo as ::dagstack_plugin::__private::WithDefault>::__dagstack_check();
            {
                <String as ::dagstack_plugin::__private::HookInput>::__dagstack_check();
                <::dagstack_plugin::__private::Same<
                    _,
                > as ::dagstack_plugin::__private::HookOutput>::__dagstack_check_inferred(
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
            deserialize = "for<'__dagstack> __dagstack_Type0_0: ::dagstack_plugin::__private::serde::Deserialize<'de>"
        )
    )]
    #[schemars(
        crate = "::dagstack_plugin::__private::schemars",
        bound = "for<'__dagstack> __dagstack_Type0_0: ::dagstack_plugin::__private::schemars::JsonSchema"
    )]
    struct __dagstack_Args0<const __DAGSTACK: bool> {
        text: __dagstack_Type0_0,
    }
    static __DAGSTACK_HOOKS: [::dagstack_plugin::__private::Hook; __dagstack_Index::Count
        as usize] = [
        ::dagstack_plugin::__private::Hook {
            name: "echo",
            description: ::dagstack_plugin::__private::non_empty(
                ::dagstack_plugin::__private::Some("Echoes."),
            ),
            execution_model: ::dagstack_plugin::__private::ExecutionModel::Sync,
            mcp_exposed: true,
            takes_context: false,
            texts: &[
                (
                    "text",
                    ::dagstack_plugin::__private::Probe::<__dagstack_Type0_0>::IS_TEXT,
                ),
            ],
            input_schema: || {
                ::dagstack_plugin::__private::Probe::<__dagstack_Args0<true>>::ASK
                    .__dagstack_input_schema()
            },
            output_schema: || {
                ::dagstack_plugin::__private::Probe::<__dagstack_Output0>::ASK
                    .__dagstack_output_schema()
            },
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
            ::dagstack_plugin::__private::Some("Echoes."),
        ),
        execution_model: ::dagstack_plugin::__private::most_demanding(
            &[::dagstack_plugin::__private::ExecutionModel::Sync],
        ),
        ..::dagstack_plugin::__private::declaration(
            "tool",
            "echo",
            ::core::concat!(::core::module_path!(), "::", "Echo"),
            &__DAGSTACK_HOOKS,
            ::dagstack_plugin::__private::no_config_schema,
        )
    };
    #[automatically_derived]
    impl ::dagstack_plugin::__private::Plugin for Echo
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
                            <Self>::echo(self, __dagstack_args.text),
                        );
                        __dagstack_output
                            .__dagstack_encode(
                                __dagstack_hook,
                                __dagstack_form,
                                __dagstack_failure,
                            )
                    })
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
    }
    ::dagstack_plugin::__private::inventory::submit! {
        ::dagstack_plugin::__private::Probe:: < Echo > ::REGISTRATION
    }
};
#[doc(hidden)]
#[hook(__dagstack_read)]
const _: () = ();

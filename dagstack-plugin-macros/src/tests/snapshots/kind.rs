/// Splits text.
#[allow(dead_code)]
pub trait Chunker: ::dagstack_plugin::__private0_1::Send + ::dagstack_plugin::__private0_1::Sync + 'static {
    /// Splits `text`.
    fn chunk<'life0, 'life1, 'async_trait>(
        &'life0 self,
        ctx: &'life1 ::dagstack_plugin::__private0_1::HookContext,
        text: String,
    ) -> ::dagstack_plugin::__private0_1::BoxFuture<
        'async_trait,
        ::dagstack_plugin::__private0_1::Result<
            Vec<Chunk>,
            ::dagstack_plugin::__private0_1::HookError,
        >,
    >
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait;
    fn looks_good(
        &self,
        ctx: &::dagstack_plugin::__private0_1::HookContext,
        text: &str,
    ) -> ::dagstack_plugin::__private0_1::Result<
        bool,
        ::dagstack_plugin::__private0_1::HookError,
    >;
}
/** Calls the plugins of the kind [`Chunker`], each hook by its dispatch class.

 A host's registry makes it.*/
#[allow(deprecated)]
#[derive(::dagstack_plugin::__private0_1::Clone, ::dagstack_plugin::__private0_1::Debug)]
pub struct ChunkerDispatcher(::dagstack_plugin::__private0_1::Dispatching<dyn Chunker>);
#[automatically_derived]
#[allow(deprecated)]
impl ::dagstack_plugin::__private0_1::From<
    ::dagstack_plugin::__private0_1::Dispatching<dyn Chunker>,
> for ChunkerDispatcher {
    fn from(
        __dagstack: ::dagstack_plugin::__private0_1::Dispatching<dyn Chunker>,
    ) -> Self {
        Self(__dagstack)
    }
}
const _: () = {
    #[allow(unused_imports)]
    use ::dagstack_plugin::__private0_1::{self as __dagstack, ask::*};
    #[automatically_derived]
    #[allow(dead_code, deprecated, non_snake_case)]
    impl ChunkerDispatcher {
        /// Splits `text`.
        /**
 # Errors

 When there is no plugin to call, when several fit equally well, and when the plugin fails.*/
        pub async fn chunk(
            &self,
            ctx: &__dagstack::HookContext,
            text: String,
        ) -> __dagstack::Result<Vec<Chunk>, __dagstack::DispatchError> {
            self.0
                .singleton(
                    "chunk",
                    ctx,
                    |__dagstack_plugin: __dagstack::Arc<dyn Chunker>| async move {
                        Chunker::chunk(&*__dagstack_plugin, ctx, text).await
                    },
                )
                .await
        }
        /// Calls the hook `looks_good`.
        /**
 # Errors

 When a plugin fails; the others are cancelled then.*/
        pub async fn looks_good(
            &self,
            ctx: &__dagstack::HookContext,
            text: &str,
        ) -> __dagstack::Result<
            __dagstack::Vec<(__dagstack::PluginName, bool)>,
            __dagstack::DispatchError,
        > {
            self.0
                .collect(
                    "looks_good",
                    ctx,
                    |__dagstack_plugin: __dagstack::Arc<dyn Chunker>| {
                        let text = __dagstack::Asked(&text).__dagstack_again();
                        async move {
                            Chunker::looks_good(&*__dagstack_plugin, ctx, text)
                        }
                    },
                )
                .await
        }
    }
};
#[doc(hidden)]
#[allow(non_local_definitions, unused_macros)]
#[macro_export]
macro_rules! __dagstack_kind_Chunker_baed62f45f5c1b38 {
    ([$($krate:tt)*] $($plugin:tt)*) => {
        $($krate)* ::kind::plugin! { { "chunker" "1.0.0" { chunk "chunk" true true
        "async fn chunk(&self, text: String) -> Vec<Chunk>" { "text" false "String" } } {
        looks_good "looks_good" false false "fn looks_good(&self, text: &str) -> bool" {
        "text" true "&str" } } } [$($krate)*] $($plugin)* }
    };
}
#[doc(hidden)]
#[allow(unused_imports)]
pub use __dagstack_kind_Chunker_baed62f45f5c1b38 as Chunker;
const _: () = {
    use ::dagstack_plugin::__private0_1::{self as __dagstack, ask::*};
    type __dagstack_Type0_0 = String;
    type __dagstack_Output0 = __dagstack::Same<Vec<Chunk>>;
    type __dagstack_Type1_0<'__dagstack_a0> = &'__dagstack_a0 str;
    type __dagstack_Output1 = __dagstack::Same<bool>;
    static __DAGSTACK_PARAMS0: [__dagstack::Param; 1usize] = [
        __dagstack::Probe::<__dagstack_Type0_0>::INPUT.param("text", "The text."),
    ];
    static __DAGSTACK_HOOKS: [__dagstack::KindHook; 2usize] = [
        __dagstack::KindHook {
            description: __dagstack::Some("Splits `text`."),
            params: &["text"],
            input_schema: || __dagstack::parameters(&__DAGSTACK_PARAMS0),
            output_schema: || {
                __dagstack::Probe::<__dagstack_Output0>::ASK.__dagstack_kind_output()
            },
            ..__dagstack::KindHook::new("chunk", __dagstack::Dispatch::Singleton)
        },
        __dagstack::KindHook {
            description: __dagstack::None,
            mcp_exposed: false,
            params: &["text"],
            input_schema: || __dagstack::None,
            output_schema: || {
                __dagstack::Probe::<__dagstack_Output1>::ASK.__dagstack_kind_output()
            },
            ..__dagstack::KindHook::new(
                "looks_good",
                __dagstack::Dispatch::BroadcastCollect,
            )
        },
    ];
    static __DAGSTACK_SPEC: __dagstack::KindSpec = __dagstack::KindSpec {
        name: "chunker",
        version: "1.0.0",
        description: __dagstack::Some("Splits text."),
        constraints: &[],
        hooks: &__DAGSTACK_HOOKS,
    };
    #[automatically_derived]
    impl __dagstack::Kind for dyn Chunker {
        const SPEC: &'static __dagstack::KindSpec = &__DAGSTACK_SPEC;
        type Dispatcher = ChunkerDispatcher;
        fn proxy(
            __dagstack_caller: __dagstack::Arc<dyn __dagstack::Caller>,
        ) -> __dagstack::Arc<Self> {
            __dagstack::Arc::new(__dagstack::Proxy::new(__dagstack_caller))
        }
    }
    #[automatically_derived]
    impl Chunker for __dagstack::Proxy {
        fn chunk<'life0, 'life1, 'async_trait>(
            &'life0 self,
            __dagstack_ctx: &'life1 __dagstack::HookContext,
            __dagstack_0: __dagstack_Type0_0,
        ) -> __dagstack::BoxFuture<
            'async_trait,
            __dagstack::Result<__dagstack_Output0, __dagstack::HookError>,
        >
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait,
        {
            self.call::<dyn Chunker + 'static, 0usize>(__dagstack_ctx, (__dagstack_0,))
        }
        fn looks_good(
            &self,
            __dagstack_ctx: &__dagstack::HookContext,
            __dagstack_0: __dagstack_Type1_0<'_>,
        ) -> __dagstack::Result<__dagstack_Output1, __dagstack::HookError> {
            __dagstack::Err(self.not_exposed::<dyn Chunker + 'static>(1usize))
        }
    }
    #[automatically_derived]
    impl __dagstack::HookSpec<0usize> for dyn Chunker {
        type Args<'__dagstack_a> = (__dagstack_Type0_0,);
        type Output = __dagstack_Output0;
        fn args_to_json(
            __dagstack_args: &Self::Args<'_>,
        ) -> __dagstack::Result<__dagstack::Value, __dagstack::HookError> {
            __dagstack::Ok(
                __dagstack::by_name([
                    (
                        "text",
                        __dagstack::Asked(&__dagstack_args.0)
                            .__dagstack_arg(&__DAGSTACK_SPEC, 0usize, 0usize)?,
                    ),
                ]),
            )
        }
        fn args_from_json<'__dagstack_a>(
            __dagstack_json: __dagstack::Value,
        ) -> __dagstack::Result<Self::Args<'__dagstack_a>, __dagstack::HookError> {
            let mut __dagstack_0 = __dagstack::Probe::<__dagstack_Type0_0>::INPUT
                .__dagstack_slot();
            __dagstack::read_args(
                &__DAGSTACK_SPEC,
                0usize,
                &__DAGSTACK_PARAMS0,
                __dagstack_json,
                &mut [&mut __dagstack_0],
            )?;
            __dagstack::Ok((__dagstack_0.__dagstack_take(),))
        }
        fn output_to_json(
            __dagstack_output: &__dagstack_Output0,
        ) -> __dagstack::Result<__dagstack::Value, __dagstack::HookError> {
            __dagstack::Asked(__dagstack_output)
                .__dagstack_to_json(&__DAGSTACK_SPEC, 0usize)
        }
        fn output_from_json(
            __dagstack_json: __dagstack::Value,
        ) -> __dagstack::Result<__dagstack_Output0, __dagstack::HookError> {
            __dagstack::Probe::<__dagstack_Output0>::ASK
                .__dagstack_from_json(&__DAGSTACK_SPEC, 0usize, __dagstack_json)
        }
    }
    #[automatically_derived]
    impl __dagstack::HookSpec<1usize> for dyn Chunker {
        type Args<'__dagstack_a> = (__dagstack_Type1_0<'__dagstack_a>,);
        type Output = __dagstack_Output1;
        fn args_to_json(
            __dagstack_args: &Self::Args<'_>,
        ) -> __dagstack::Result<__dagstack::Value, __dagstack::HookError> {
            __dagstack::Ok(
                __dagstack::by_name([
                    (
                        "text",
                        __dagstack::Asked(&__dagstack_args.0)
                            .__dagstack_arg(&__DAGSTACK_SPEC, 1usize, 0usize)?,
                    ),
                ]),
            )
        }
        fn args_from_json<'__dagstack_a>(
            __dagstack_json: __dagstack::Value,
        ) -> __dagstack::Result<Self::Args<'__dagstack_a>, __dagstack::HookError> {
            __dagstack::Err(__dagstack::not_exposed(&__DAGSTACK_SPEC, 1usize))
        }
        fn output_to_json(
            __dagstack_output: &__dagstack_Output1,
        ) -> __dagstack::Result<__dagstack::Value, __dagstack::HookError> {
            __dagstack::Asked(__dagstack_output)
                .__dagstack_to_json(&__DAGSTACK_SPEC, 1usize)
        }
        fn output_from_json(
            __dagstack_json: __dagstack::Value,
        ) -> __dagstack::Result<__dagstack_Output1, __dagstack::HookError> {
            __dagstack::Probe::<__dagstack_Output1>::ASK
                .__dagstack_from_json(&__DAGSTACK_SPEC, 1usize, __dagstack_json)
        }
    }
    fn __dagstack_check_types() {
        let _ = |__dagstack_value: &__dagstack_Type0_0| {
            let __dagstack_value = &__dagstack::Asked(__dagstack_value)
                .__dagstack_if_json();
            let _: &dyn __dagstack::Send = __dagstack_value;
        };
        <String as __dagstack::ExposedParam>::__dagstack_check();
        let _ = |__dagstack_value: &__dagstack_Output0| {
            let __dagstack_value = &__dagstack::Asked(__dagstack_value)
                .__dagstack_if_json();
            let _: &dyn __dagstack::Send = __dagstack_value;
        };
        <__dagstack::Same<Vec<Chunk>> as __dagstack::ExposedOutput>::__dagstack_check();
        let _ = |__dagstack_value: &__dagstack_Type1_0<'_>| {
            let _: &dyn __dagstack::Send = __dagstack_value;
        };
        let _ = |__dagstack_value: &__dagstack_Output1| {
            let _: &dyn __dagstack::Send = __dagstack_value;
        };
    }
};

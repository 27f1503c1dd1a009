#[derive(::dagstack_plugin::__private0_1::Attributes)]
/// A page.
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The text.
    pub text: String,
    #[serde(default)]
    next: Option<Box<Self>>,
}
::dagstack_plugin::__private0_1::hidden! {
    use ::dagstack_plugin::__private0_1:: { Values as _, ask:: * }; type __dagstack_0 =
    String; type __dagstack_1 = Option < Box < Page > >;
    #[derive(::dagstack_plugin::__private0_1::serde::Serialize,
    ::dagstack_plugin::__private0_1::serde::Deserialize)] #[serde(crate =
    "::dagstack_plugin::__private0_1::serde", remote = "Page", bound(serialize =
    "for<'__dagstack> __dagstack_0: ::dagstack_plugin::__private0_1::serde::Serialize, for<'__dagstack> __dagstack_1: ::dagstack_plugin::__private0_1::serde::Serialize",
    deserialize =
    "for<'__dagstack> __dagstack_0: ::dagstack_plugin::__private0_1::serde::Deserialize<'de>, for<'__dagstack> __dagstack_1: ::dagstack_plugin::__private0_1::serde::Deserialize<'de>, for<'__dagstack> __dagstack_1: ::core::default::Default"))]
    #[serde(rename = "Page")] #[serde(rename_all = "camelCase")] struct __dagstack_Values
    { text : __dagstack_0, #[serde(default)] next : __dagstack_1, }
    #[derive(::dagstack_plugin::__private0_1::schemars::JsonSchema)] #[schemars(crate =
    "::dagstack_plugin::__private0_1::schemars", bound =
    "for<'__dagstack> __dagstack_0: ::dagstack_plugin::__private0_1::schemars::JsonSchema, for<'__dagstack> __dagstack_1: ::dagstack_plugin::__private0_1::schemars::JsonSchema, for<'__dagstack> __dagstack_1: ::core::default::Default")]
    #[serde(rename = "Page")] #[doc = " A page."] #[serde(rename_all = "camelCase")]
    struct __dagstack_Schema < const __DAGSTACK : bool > { #[doc = " The text."] text :
    __dagstack_0, #[serde(default)] next : __dagstack_1, } #[automatically_derived] impl
    ::dagstack_plugin::__private0_1::serde::Serialize for Page { #[inline] fn serialize <
    __S : ::dagstack_plugin::__private0_1::serde::Serializer > (& self,
    __dagstack_serializer : __S,) -> ::dagstack_plugin::__private0_1::Result < __S::Ok,
    __S::Error > { __dagstack_Values::serialize(self, __dagstack_serializer) } }
    #[automatically_derived] impl < 'de >
    ::dagstack_plugin::__private0_1::serde::Deserialize < 'de > for Page { #[inline] fn
    deserialize < __D : ::dagstack_plugin::__private0_1::serde::Deserializer < 'de >>
    (__dagstack_deserializer : __D,) -> ::dagstack_plugin::__private0_1::Result < Self,
    __D::Error > { __dagstack_Values::deserialize(__dagstack_deserializer) } }
    #[automatically_derived] impl ::dagstack_plugin::__private0_1::schemars::JsonSchema
    for Page { fn inline_schema() -> bool { ::dagstack_plugin::__private0_1::Probe:: <
    __dagstack_Schema < true >> ::ASK.__dagstack_inline() } fn schema_name() ->
    ::dagstack_plugin::__private0_1::Cow < 'static, str > {
    ::dagstack_plugin::__private0_1::Probe:: < __dagstack_Schema < true >> ::ASK
    .__dagstack_name() } fn schema_id() -> ::dagstack_plugin::__private0_1::Cow <
    'static, str > {
    ::dagstack_plugin::__private0_1::Cow::Borrowed(::core::concat!(::core::module_path!(),
    "::", "Page")) } fn json_schema(__dagstack_generator : & mut
    ::dagstack_plugin::__private0_1::schemars::SchemaGenerator,) ->
    ::dagstack_plugin::__private0_1::schemars::Schema {
    ::dagstack_plugin::__private0_1::Probe:: < __dagstack_Schema < true >> ::ASK
    .__dagstack_schema(__dagstack_generator) } } fn __dagstack_check() { < String as
    ::dagstack_plugin::__private0_1::DataField > ::__dagstack_check(); < Option < Box <
    Page > > as ::dagstack_plugin::__private0_1::DataField > ::__dagstack_check(); <
    Option < Box < Page > > as ::dagstack_plugin::__private0_1::ParamDefault >
    ::__dagstack_check(); }
}

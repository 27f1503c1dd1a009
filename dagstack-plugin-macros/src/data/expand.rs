//! What a type under `#[data]` becomes.
//!
//! ```text
//! #[derive(Attributes)] struct Page { n: Inner }     // nothing but that `#[serde(…)]` is known
//! const _: () = {
//!     type __dagstack_0 = Inner;
//!     struct __dagstack_Values { … }                 // serde's derives, `remote = "Page"`
//!     struct __dagstack_Schema<const …> { … }        // schemars' derive
//!     impl Serialize for Page { … }                  // asks the derives, which may answer with no
//!     impl Deserialize for Page { … }
//!     impl JsonSchema for Page { … }
//!     fn __dagstack_check() { … }                    // the one error about a field
//! };
//! ```
//!
//! The derives hold under a condition about each field. Derived on the type itself, each would report
//! each field that does not fit, and with a condition the type's users would be reported, too.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Item};

use super::model::{Data, FIELD, for_each_attributes, for_each_field};
use super::text;
use crate::asserted::{Asserted, Scope, Value, check_type};
use crate::hook::attrs::Crossing;
use crate::hook::called;
use crate::path::CratePath;
use crate::spans;
use crate::words::plain_name;

/// The plain derives.
pub(super) fn derives(item: &Item, krate: &CratePath) -> TokenStream {
    let private = krate.private();
    let serde = text(quote!(#private::serde));
    let schemars = text(quote!(#private::schemars));
    quote! {
        #[derive(
            #private::serde::Serialize,
            #private::serde::Deserialize,
            #private::schemars::JsonSchema,
        )]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars)]
        #item
    }
}

/// The type and everything beside it.
pub(super) fn expand(data: &Data<'_>, krate: &CratePath) -> TokenStream {
    let private = krate.private();
    let original = data.item;
    let mut item = original.clone();
    let called = name_called(&mut item, data, &private);
    for_each_attributes(&mut item, &mut |attrs| {
        called::without_self(attrs, data.ident);
    });
    let Some(data) = &Data::of(&item) else {
        return derives(original, krate);
    };
    let ident = data.ident;
    let aliases = data.fields.iter().enumerate().map(|(number, field)| {
        let (alias, ty) = (
            named(alias(number), data),
            spans::without_self(field.tokens(), data.ident),
        );
        quote!(type #alias = #ty;)
    });
    let values = values(data, &private);
    let schema = schema(data, &private);
    let impls = impls(data, &private);
    let nothing = TokenStream::new();
    let scope = Scope {
        private: private.clone(),
        self_ty: &nothing,
    };
    let mut asserted = Asserted::default();
    let mut checks = TokenStream::new();
    for (number, field) in data.fields.iter().enumerate() {
        let ty = &spans::without_self(field.tokens(), data.ident);
        for bound in field.bounds() {
            checks.extend(if bound == FIELD {
                let value = Value {
                    ty,
                    alias: alias(number).into_token_stream(),
                    bound,
                    written: ty,
                };
                value.check(bound, &mut asserted, &scope)
            } else {
                check_type(ty, bound, None, &scope)
            });
        }
    }
    let described = data.fields.iter().filter_map(|field| {
        let ty = field
            .crossing
            .schema_of
            .as_ref()?
            .parse::<syn::Type>()
            .ok()?;
        Some(quote!(<#ty as #private::Described>::__dagstack_check();))
    });
    let of_type = data
        .needs_default
        .then(|| quote!(<#ident as #private::ParamDefault>::__dagstack_check();));
    let check = named(format_ident!("__dagstack_check"), data);
    let hidden = krate.hidden(&quote! {
        use #private::{Values as _, ask::*};
        #(#aliases)*
        #called
        #values
        #schema
        #impls
        fn #check() {
            #of_type
            #checks
            #(#described)*
        }
    });
    quote! {
        #[derive(#private::Attributes)]
        #original
        #hidden
    }
}

fn alias(number: usize) -> Ident {
    format_ident!("__dagstack_{}", number)
}

/// The name of an item in which types of fields stand again, where the type's own name stands: rustc
/// reports a type that is not there once if it would mend all items at the same place.
fn named(mut name: Ident, data: &Data<'_>) -> Ident {
    name.set_span(data.ident.span());
    name
}

/// Gives names to what the attributes of fields call (see [`called`]).
fn name_called(item: &mut Item, data: &Data<'_>, private: &TokenStream) -> TokenStream {
    let mut items = TokenStream::new();
    let mut place = 0;
    for_each_field(item, &mut |field| {
        let number = data.fields.iter().position(|known| known.place == place);
        place += 1;
        if let Some(number) = number {
            let place = called::Place {
                private,
                ty: alias(number).to_token_stream(),
                prefix: format!("__dagstack_of{number}"),
                own: data.ident,
                home: data.ident.span(),
                cfgs: &[],
            };
            items.extend(called::named(&mut field.attrs, &place));
        }
    });
    items
}

/// Conditions on the aliases, as an attribute wants them. `for<'a>` keeps rustc from checking them
/// where they stand.
fn conditions(
    data: &Data<'_>,
    of: impl Fn(&Crossing) -> Vec<(bool, String)>,
    default: bool,
) -> String {
    let own = spans::of_any_edition(data.ident).to_string();
    let of_type = (default && data.needs_default)
        .then(|| format!("for<'__dagstack> {own}: ::core::default::Default"));
    let of_fields = data.fields.iter().enumerate().flat_map(|(number, field)| {
        let needs_default = default && field.crossing.needs_default;
        let mut bounds = of(&field.crossing);
        bounds.push((needs_default, "::core::default::Default".to_owned()));
        bounds
            .into_iter()
            .filter(|(holds, _)| *holds)
            .map(move |(_, bound)| format!("for<'__dagstack> {}: {bound}", alias(number)))
    });
    let all: Vec<String> = of_fields.chain(of_type).collect();
    all.join(", ")
}

/// What serde derives on: it reads and writes the type itself.
fn values(data: &Data<'_>, private: &TokenStream) -> TokenStream {
    let serde = text(quote!(#private::serde));
    let read = conditions(
        data,
        |it| vec![(it.is_read, format!("{serde}::Deserialize<'de>"))],
        true,
    );
    let written = conditions(
        data,
        |it| vec![(it.is_written, format!("{serde}::Serialize"))],
        false,
    );
    let remote = spans::of_any_edition(data.ident).to_string();
    let shadow = shadow(
        data,
        "__dagstack_Values",
        &["serde", "repr"],
        &TokenStream::new(),
    );
    let rename = rename(data);
    quote! {
        #[derive(#private::serde::Serialize, #private::serde::Deserialize)]
        #[serde(crate = #serde, remote = #remote, bound(serialize = #written, deserialize = #read))]
        #rename
        #shadow
    }
}

/// What schemars derives on. The constant parameter makes it look at `bound`, which it ignores on a
/// type without parameters.
fn schema(data: &Data<'_>, private: &TokenStream) -> TokenStream {
    let schemars = text(quote!(#private::schemars));
    let bound = conditions(
        data,
        |it| vec![(it.is_described, format!("{schemars}::JsonSchema"))],
        true,
    );
    let described = data.fields.iter().filter_map(|field| {
        let ty = field.crossing.schema_of.as_ref()?.value();
        Some(format!("for<'__dagstack> {ty}: {schemars}::JsonSchema"))
    });
    let bounds = [bound].into_iter().filter(|bound| !bound.is_empty());
    let bound = bounds.chain(described).collect::<Vec<_>>().join(", ");
    // `Self` would be the type here.
    let default = data.needs_default.then(|| {
        let path = format!("{}::default", data.ident);
        quote!(#[schemars(default = #path)])
    });
    let shadow = shadow(
        data,
        "__dagstack_Schema",
        &[
            "serde",
            "schemars",
            "validate",
            "garde",
            "doc",
            "deprecated",
        ],
        &quote!(<const __DAGSTACK: bool>),
    );
    let rename = rename(data);
    quote! {
        #[derive(#private::schemars::JsonSchema)]
        #[schemars(crate = #schemars, bound = #bound)]
        #default
        #rename
        #shadow
    }
}

/// The type's own name, unless its author has given it another.
fn rename(data: &Data<'_>) -> Option<TokenStream> {
    let name = plain_name(data.ident);
    Crossing::of(data.attrs)
        .rename
        .is_none()
        .then(|| quote!(#[serde(rename = #name)]))
}

/// The type again, under another name, with its attributes called `attributes` and aliases for the
/// types of its fields.
fn shadow(data: &Data<'_>, name: &str, attributes: &[&str], generics: &TokenStream) -> TokenStream {
    let keep = |attrs: &mut Vec<Attribute>| {
        attrs.retain(|attr| {
            attributes
                .iter()
                .chain(&["cfg", "cfg_attr"])
                .any(|name| attr.path().is_ident(name))
        });
    };
    let mut item = data.item.clone();
    let mut place = 0;
    for_each_field(&mut item, &mut |field| {
        keep(&mut field.attrs);
        let number = data.fields.iter().position(|known| known.place == place);
        place += 1;
        let ty = match number {
            Some(number) => alias(number).to_token_stream(),
            None => spans::without_self(field.ty.to_token_stream(), data.ident),
        };
        field.ty = syn::Type::Verbatim(ty);
        field.vis = syn::Visibility::Inherited;
    });
    let ident = Ident::new(name, Span::call_site());
    match &mut item {
        Item::Struct(item) => {
            keep(&mut item.attrs);
            (item.ident, item.vis) = (ident, syn::Visibility::Inherited);
            if let Ok(generics) = syn::parse2(generics.clone()) {
                item.generics = generics;
            }
        }
        Item::Enum(item) => {
            keep(&mut item.attrs);
            item.attrs.retain(|attr| !attr.path().is_ident("repr"));
            (item.ident, item.vis) = (ident, syn::Visibility::Inherited);
            if let Ok(generics) = syn::parse2(generics.clone()) {
                item.generics = generics;
            }
            for variant in &mut item.variants {
                keep(&mut variant.attrs);
                // Its type would be that of the author's `#[repr]`.
                variant.discriminant = None;
            }
        }
        _ => {}
    }
    item.to_token_stream()
}

/// The implementations, which hold whatever the fields are.
fn impls(data: &Data<'_>, private: &TokenStream) -> TokenStream {
    let ident = data.ident;
    let name = Crossing::of(data.attrs)
        .rename
        .map_or_else(|| plain_name(ident), |(name, _)| name);
    let schema = quote!(#private::Probe::<__dagstack_Schema<true>>::ASK);
    headers(
        ident,
        private,
        &quote!(__dagstack_Values::serialize(self, __dagstack_serializer)),
        &quote!(__dagstack_Values::deserialize(__dagstack_deserializer)),
        &quote! {
            fn inline_schema() -> bool {
                #schema.__dagstack_inline()
            }
            fn schema_name() -> #private::Cow<'static, str> {
                #schema.__dagstack_name()
            }
            fn schema_id() -> #private::Cow<'static, str> {
                #private::Cow::Borrowed(::core::concat!(::core::module_path!(), "::", #name))
            }
        },
        &quote!(#schema.__dagstack_schema(__dagstack_generator)),
    )
}

/// The same, for a type whose author has mistakes to mend.
pub(super) fn stubs(ident: &Ident, krate: &CratePath) -> TokenStream {
    let private = krate.private();
    let never = quote!(#private::not_compiled());
    let impls = headers(
        ident,
        &private,
        &never,
        &never,
        &quote! {
            fn schema_name() -> #private::Cow<'static, str> {
                #never
            }
        },
        &never,
    );
    quote! {
        #[doc(hidden)]
        const _: () = {
            #impls
        };
    }
}

fn headers(
    ident: &Ident,
    private: &TokenStream,
    serialize: &TokenStream,
    deserialize: &TokenStream,
    about_schema: &TokenStream,
    schema: &TokenStream,
) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl #private::serde::Serialize for #ident {
            #[inline]
            fn serialize<__S: #private::serde::Serializer>(
                &self,
                __dagstack_serializer: __S,
            ) -> #private::Result<__S::Ok, __S::Error> {
                #serialize
            }
        }
        #[automatically_derived]
        impl<'de> #private::serde::Deserialize<'de> for #ident {
            #[inline]
            fn deserialize<__D: #private::serde::Deserializer<'de>>(
                __dagstack_deserializer: __D,
            ) -> #private::Result<Self, __D::Error> {
                #deserialize
            }
        }
        #[automatically_derived]
        impl #private::schemars::JsonSchema for #ident {
            #about_schema
            fn json_schema(
                __dagstack_generator: &mut #private::schemars::SchemaGenerator,
            ) -> #private::schemars::Schema {
                #schema
            }
        }
    }
}

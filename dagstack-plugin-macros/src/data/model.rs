//! The struct or enum under `#[data]`, read as far as its fields are judged one by one.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Field, Ident, Item, Type};

use crate::ctxt::Ctxt;
use crate::hook::attrs::Crossing;
use crate::hook::types;
use crate::lifetimes;

/// A type whose fields are judged one by one.
pub(super) struct Data<'a> {
    pub(super) item: &'a Item,
    pub(super) ident: &'a Ident,
    pub(super) attrs: &'a [Attribute],
    /// The fields that something is asked of.
    pub(super) fields: Vec<DataField<'a>>,
    /// Whether the type's own `Default` fills what is missing.
    pub(super) needs_default: bool,
}

pub(super) struct DataField<'a> {
    /// Its place among all fields.
    pub(super) place: usize,
    pub(super) ty: &'a Type,
    pub(super) crossing: Crossing,
}

/// Entries on a type that change what is asked of its fields; such a type has the plain derives.
const OTHERWISE: &[&str] = &[
    "bound",
    "field_identifier",
    "from",
    "into",
    "remote",
    "schema_with",
    "transparent",
    "try_from",
    "variant_identifier",
    "with",
];

impl<'a> Data<'a> {
    /// `None` for a type that has the plain derives: what a generic type needs depends on its
    /// parameters, and what borrows is read by its own rules.
    pub(super) fn of(item: &'a Item) -> Option<Self> {
        let (ident, attrs, generics) = match item {
            Item::Struct(data) => (&data.ident, &data.attrs, &data.generics),
            Item::Enum(data) => (&data.ident, &data.attrs, &data.generics),
            _ => return None,
        };
        let of_type = Crossing::of(attrs);
        if !generics.params.is_empty()
            || generics.where_clause.is_some()
            || of_type.has_entry(OTHERWISE)
            || of_type.renames_by_direction
        {
            return None;
        }
        let mut fields = Vec::new();
        for (place, (of_variant, field)) in fields_of(item).into_iter().enumerate() {
            let of_both = of_variant.iter().chain(&field.attrs);
            if lifetimes::any(field.ty.to_token_stream()) || of_both.chain(attrs).any(says_self) {
                return None;
            }
            // What is conditional, or goes with the variant as a whole, is left to the derives.
            let is_conditional =
                |attr: &Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
            if field.attrs.iter().chain(of_variant).any(is_conditional) {
                continue;
            }
            let variant = Crossing::of(of_variant);
            if variant.is_read && variant.is_written && variant.is_described {
                fields.push(DataField {
                    place,
                    ty: &field.ty,
                    crossing: Crossing::of(&field.attrs),
                });
            }
        }
        Some(Self {
            item,
            ident,
            attrs,
            fields,
            needs_default: of_type.needs_default,
        })
    }

    /// Reports types that cannot be there, as far as their tokens say.
    pub(super) fn check(&self, cx: &Ctxt) {
        for field in &self.fields {
            field.crossing.check(cx);
            match types::unfit(field.ty, false) {
                Some(unfit) => cx.error_at(&unfit.tokens, unfit.message()),
                None if field.crossing.is_read => drop(types::check_arrays(field.ty, cx)),
                None => {}
            }
        }
    }
}

/// Whether a path in an attribute of serde or schemars begins with `Self`, which would be another
/// type where the derives stand.
fn says_self(attr: &Attribute) -> bool {
    let is_theirs = attr.path().is_ident("serde") || attr.path().is_ident("schemars");
    is_theirs && attr.meta.to_token_stream().to_string().contains("\"Self::")
}

/// All fields, each with the attributes of its variant.
fn fields_of(item: &Item) -> Vec<(&[Attribute], &Field)> {
    match item {
        Item::Struct(data) => data.fields.iter().map(|field| (&[][..], field)).collect(),
        Item::Enum(data) => data
            .variants
            .iter()
            .flat_map(|variant| {
                variant
                    .fields
                    .iter()
                    .map(|field| (&variant.attrs[..], field))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Puts something that compiles in the place of types that cannot be there.
pub(super) fn stand_in(item: &mut Item) {
    for_each_field(item, &mut |field| field.ty = types::stand_in(&field.ty));
}

pub(super) fn for_each_field(item: &mut Item, change: &mut dyn FnMut(&mut Field)) {
    match item {
        Item::Struct(data) => data.fields.iter_mut().for_each(change),
        Item::Enum(data) => data
            .variants
            .iter_mut()
            .flat_map(|variant| &mut variant.fields)
            .for_each(change),
        _ => {}
    }
}

impl DataField<'_> {
    /// What the field's type must be.
    pub(super) fn bounds(&self) -> Vec<&'static str> {
        let crossing = &self.crossing;
        let mut bounds = crossing.bounds("DataField");
        if crossing.is_written && !(crossing.is_read && crossing.is_described) {
            bounds.push("Writable");
        }
        bounds
    }

    pub(super) fn tokens(&self) -> TokenStream {
        self.ty.to_token_stream()
    }
}

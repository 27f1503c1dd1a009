//! The struct or enum under `#[data]`, read as far as its fields are judged one by one.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Field, Fields, Ident, Item, ItemEnum, ItemStruct, Type};

use crate::ctxt::Ctxt;
use crate::hook::attrs::{self, Crossing};
use crate::hook::types;
use crate::lifetimes;
use crate::words::{plain_name, shown};

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

/// What a field must be of which its attributes say nothing else.
pub(super) const FIELD: &str = "DataField";

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
            // What is conditional, or goes with the variant as a whole, is left to the derives.
            let variant = Crossing::of(of_variant);
            let is_judged = is_always(&field.attrs)
                && is_always(of_variant)
                && variant.is_read
                && variant.is_written
                && variant.is_described;
            if lifetimes::any(field.ty.to_token_stream()) {
                return None;
            }
            if is_judged {
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
            field.crossing.check(field.ty, cx);
            match types::unfit(field.ty, false) {
                Some(unfit) => cx.error_at(&unfit.tokens, unfit.message()),
                None if field.crossing.is_read => drop(types::check_arrays(field.ty, cx)),
                None => {}
            }
        }
    }
}

/// Reports fields that borrow, in a type without parameters.
pub(super) fn check_borrows(item: &Item, cx: &Ctxt) {
    let (Item::Struct(ItemStruct { generics, .. }) | Item::Enum(ItemEnum { generics, .. })) = item
    else {
        return;
    };
    if !generics.params.is_empty() {
        return;
    }
    for (_, field) in fields_of(item) {
        if let Some(borrows) = types::borrows(&field.ty) {
            cx.error_at(
                &borrows,
                format!(
                    "`{}` borrows; a `#[data]` type owns what it holds\nhelp: use an owned type, for example `String` for `&str` and for `Cow<str>`",
                    shown(&borrows)
                ),
            );
        }
    }
}

/// Reports two fields, or two variants, that are read from one key.
pub(super) fn check_keys(item: &Item, cx: &Ctxt) {
    let (Item::Struct(ItemStruct { attrs, .. }) | Item::Enum(ItemEnum { attrs, .. })) = item else {
        return;
    };
    // It is read as another type.
    if Crossing::of(attrs).has_entry(&["from", "try_from"]) {
        return;
    }
    let of_fields = |fields: &Fields, attrs: &[&[Attribute]]| {
        let is_plain = !attrs
            .iter()
            .any(|attrs| Crossing::of(attrs).has_entry(&["rename_all", "rename_all_fields"]));
        let named = fields
            .iter()
            .filter(|it| is_always(&it.attrs))
            .filter_map(|field| {
                let ident = field.ident.as_ref()?;
                let name = is_plain.then(|| (plain_name(ident), ident.span()));
                Some((name, Crossing::of(&field.attrs)))
            });
        attrs::check_keys("fields", named, cx);
    };
    match item {
        Item::Struct(data) => of_fields(&data.fields, &[&data.attrs]),
        Item::Enum(data) => {
            let of_type = Crossing::of(&data.attrs);
            let is_plain = !of_type.has_entry(&["rename_all"]);
            if !of_type.has_entry(&["untagged"]) {
                let variants = data.variants.iter().filter(|it| is_always(&it.attrs));
                let named = variants.filter_map(|variant| {
                    let crossing = Crossing::of(&variant.attrs);
                    let name = (plain_name(&variant.ident), variant.ident.span());
                    let is_named = !crossing.has_entry(&["untagged"]);
                    is_named.then(|| (is_plain.then_some(name), crossing))
                });
                attrs::check_keys("variants", named, cx);
            }
            for variant in &data.variants {
                of_fields(&variant.fields, &[&data.attrs, &variant.attrs]);
            }
        }
        _ => {}
    }
}

/// Whether two fields or two variants have one name, which the compiler reports.
pub(super) fn has_doubles(item: &Item) -> bool {
    let fields = |fields: &Fields| {
        let always = fields.iter().filter(|it| is_always(&it.attrs));
        is_double(always.filter_map(|field| field.ident.as_ref()))
    };
    match item {
        Item::Struct(data) => fields(&data.fields),
        Item::Enum(data) => {
            let always = data.variants.iter().filter(|it| is_always(&it.attrs));
            is_double(always.map(|variant| &variant.ident))
                || data.variants.iter().any(|variant| fields(&variant.fields))
        }
        _ => false,
    }
}

fn is_double<'a>(names: impl Iterator<Item = &'a Ident>) -> bool {
    let mut seen = HashSet::new();
    !names.into_iter().all(|name| seen.insert(name))
}

/// Whether nothing makes it depend on a condition.
fn is_always(attrs: &[Attribute]) -> bool {
    let conditional =
        |attr: &Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
    !attrs.iter().any(conditional)
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
    for_each_field(item, &mut |field| {
        field.ty = match types::borrows(&field.ty) {
            Some(_) => {
                let ty = lifetimes::all_static(field.ty.to_token_stream());
                let ty = lifetimes::name_elided(ty, &mut || "static".to_owned());
                Type::Verbatim(ty)
            }
            None => types::stand_in(&field.ty),
        }
    });
}

/// The attributes of the type, of its variants and of its fields.
pub(super) fn for_each_attributes(item: &mut Item, change: &mut dyn FnMut(&mut [Attribute])) {
    match item {
        Item::Struct(data) => change(&mut data.attrs),
        Item::Enum(data) => {
            change(&mut data.attrs);
            for variant in &mut data.variants {
                change(&mut variant.attrs);
            }
        }
        _ => {}
    }
    for_each_field(item, &mut |field| change(&mut field.attrs));
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
        let mut bounds = crossing.bounds(FIELD);
        if crossing.is_written && !(crossing.is_read && crossing.is_described) {
            bounds.push("Writable");
        }
        bounds
    }

    pub(super) fn tokens(&self) -> TokenStream {
        self.ty.to_token_stream()
    }
}

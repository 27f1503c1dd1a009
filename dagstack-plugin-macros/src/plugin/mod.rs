//! `#[plugin]`: an impl block becomes a plugin.
//!
//! Phases: [`args`] and [`model`] parse, here is what each hook may be, which [`checked`] holds;
//! [`validate`] and, where the kind is a trait, [`of_kind`] check what spans several places; [`mod@expand`]
//! writes, with what [`warn`] has to say, and [`fallback`] where there were mistakes. A kind that is a
//! trait is asked first what it says, and the rest happens in its answer.

pub(crate) mod args;
pub(crate) mod checked;
mod expand;
pub(crate) mod fallback;
pub(crate) mod model;
pub(crate) mod of_kind;
mod validate;
mod warn;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, LitStr, Meta};

use crate::ctxt::Ctxt;
use crate::hook::args::HookArgs;
use crate::hook::model::{Hook, name_types};
use crate::hook::{attrs, output, signature};
use crate::lifecycle;
use crate::{cfg, lifetimes, words};
use args::PluginArgs;
use checked::Plugin;
use model::{ImplBlock, Mark, MemberFn, is_async_trait, is_of_schema};
use of_kind::OfKind;

/// Expands `#[plugin(args)] item`.
pub(crate) fn expand(tokens: TokenStream, item: TokenStream) -> TokenStream {
    let cx = Ctxt::default();
    let args = PluginArgs::parse(tokens.clone(), Span::call_site(), &cx);
    let block = match read_block(item.clone(), &args) {
        Ok(block) => block,
        Err(error) => return not_an_impl(&error, item, cx),
    };
    let expansion = match of_kind::kind_path(tokens.clone()) {
        // The kind is asked what it says; its answer reports these mistakes with its own.
        Some(path) => {
            cx.leave();
            of_kind::hand_over(&path, &args, &tokens, &item)
        }
        None => write(&args, &block, None, cx),
    };
    let marks = block.mark_paths();
    quote! {
        #block
        #expansion
        #(
            #[doc(hidden)]
            #[#marks(__dagstack_read)]
            const _: () = ();
        )*
    }
}

/// Reads the impl block and takes our attributes off it.
fn read_block(item: TokenStream, args: &PluginArgs) -> syn::Result<ImplBlock> {
    let mut block = syn::parse2::<ImplBlock>(item)?;
    block.take_marks(&args.krate);
    Ok(block)
}

/// Everything but the impl block, or the mistakes.
fn write(args: &PluginArgs, block: &ImplBlock, kind: Option<OfKind<'_>>, cx: Ctxt) -> TokenStream {
    block.check_marks(&cx);
    block.check_members(&cx);
    block.check_names(&cx);
    check_impl(block, &cx);
    let mut hooks = hooks(block, kind, &cx);
    let types = name_types(&mut hooks);
    let plugin = Plugin {
        args,
        block,
        kind,
        hooks,
        types,
        setup: lifecycle::find(block, "setup", &cx),
        teardown: lifecycle::find(block, "teardown", &cx),
        health: lifecycle::find(block, "health", &cx),
    };
    if plugin.setup.is_none() && block.has_misspelt("setup") {
        cx.leave_to_compiler();
    }
    validate::validate(&plugin, &cx);
    of_kind::check(&plugin, &cx);
    let net = fallback::net(block.impl_token.span, &args.krate, &cx);
    match cx.finish() {
        Some(errors) => {
            let stubs = fallback::stubs(block, &args.krate);
            quote!(#errors #net #stubs)
        }
        None => expand::expand(&plugin),
    }
}

/// The item is no impl block, or not one that can be read: it is passed on without our attributes.
fn not_an_impl(error: &syn::Error, item: TokenStream, cx: Ctxt) -> TokenStream {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(other) if !matches!(other, syn::Item::Impl(_)) => cx.error(
            Span::call_site(),
            "`#[plugin]` goes on the `impl` block that holds the hooks",
        ),
        _ => cx.push(error.clone()),
    }
    let errors = cx.finish();
    let item = fallback::strip(item);
    quote!(#item #errors)
}

const ASYNC_ALREADY: &str =
    "a hook is an `async fn` as it stands\nhelp: leave `#[async_trait]` out";

fn check_impl(block: &ImplBlock, cx: &Ctxt) {
    // No block like this can be, and the compiler says so before it comes here.
    if block.unsafety.is_some() {
        cx.leave_to_compiler();
    }
    for attr in &block.misplaced {
        let message = if attr.path().is_ident("derive") {
            "`#[derive(…)]` goes on a type, not on its `impl` block\nhelp: move it to where the type is declared"
        } else if is_async_trait(attr) {
            ASYNC_ALREADY
        } else {
            "`#[plugin]` stands twice on this block\nhelp: keep one; each plugin has a type of its own"
        };
        cx.error_at(attr.path(), message);
    }
    if let Some(of_trait) = &block.of_trait {
        cx.error_at(
            of_trait,
            format!(
                "`#[plugin]` goes on an inherent `impl` block, not on the `impl` of a trait\nhelp: write `impl {} {{ … }}`; with `kind = Trait`, `#[plugin]` implements the trait of the kind itself",
                words::shown(&block.self_ty)
            ),
        );
    }
    if block.generics.params.is_empty()
        && let Some(lifetime) = lifetimes::first_not_static(block.self_ty.to_token_stream())
    {
        cx.error(
            lifetime,
            "a plugin's type cannot borrow: the host keeps it\nhelp: own what it borrows",
        );
    }
    if !block.generics.params.is_empty() {
        cx.error_at(
            &block.generics,
            "a plugin's type cannot be generic: the host makes one instance of one type\nhelp: write the `#[plugin]` block for one concrete type",
        );
    } else if let Some(clause) = &block.where_clause {
        cx.error_at(clause, "a `#[plugin]` block cannot have a `where` clause");
    }
    if let Some(name) = block.undeclared() {
        cx.error_at(
            name,
            format!(
                "a plugin's type cannot be generic, and `{name}` is declared by nobody\nhelp: name a type, for example `String`; if it is a type of yours, write `self::{name}`"
            ),
        );
    } else if !block.is_of_named_type() {
        let help = block
            .of_variant()
            .map(|of| format!("\nhelp: write `impl {of}`"))
            .unwrap_or_default();
        cx.error_at(
            &block.self_ty,
            format!(
                "`#[plugin]` needs a type of this module, by its plain name, found `{}`{help}",
                words::shown(&block.self_ty)
            ),
        );
    }
}

fn hooks<'a>(block: &'a ImplBlock, kind: Option<OfKind<'a>>, cx: &Ctxt) -> Vec<Hook<'a>> {
    block
        .marked("hook")
        .enumerate()
        .map(|(index, (function, mark))| hook(index, function, mark, kind, cx))
        .collect()
}

/// The text of a `#[schemars(description = "…")]`.
fn description_in(attr: &Attribute) -> Option<String> {
    let mut text = None;
    let _ = attr.parse_nested_meta(|meta| {
        if meta.path.is_ident("description") {
            text = Some(meta.value()?.parse::<LitStr>()?.value());
            return Ok(());
        }
        attrs::rest(&meta)
    });
    text
}

fn hook<'a>(
    index: usize,
    function: &'a MemberFn,
    mark: &Mark,
    kind: Option<OfKind<'a>>,
    cx: &Ctxt,
) -> Hook<'a> {
    let tokens = match &mark.attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(other) => {
            cx.error_at(
                other,
                "arguments of `#[hook]` go in parentheses: `#[hook(description = \"…\")]`",
            );
            TokenStream::new()
        }
    };
    let args = HookArgs::parse(tokens, cx);
    cfg::refuse_cfg_attr(&function.attrs, "a hook", &[], cfg::TWO_FUNCTIONS, cx);
    for attr in &function.misplaced {
        if let Some(text) = description_in(attr) {
            let problem = "a hook is described by its doc comment";
            cx.error_at(&attr.meta, format!("{problem}\nhelp: write `/// {text}`"));
            continue;
        }
        cx.error_at(
            &attr.meta,
            if is_of_schema(attr) {
                "`#[serde(…)]` and `#[schemars(…)]` go on the parameters of a hook\nhelp: for another name, write `#[serde(rename = \"maxSize\")]` on the parameter"
            } else {
                ASYNC_ALREADY
            },
        );
    }
    signature::check_plain(&function.sig, "a hook", cx);
    signature::check_receiver(&function.sig, "a hook", cx);
    // The types of a generic function are reported with it.
    let is_generic = !function.sig.generics.params.is_empty();
    if !is_generic {
        output::check_output(&function.sig, "a hook", kind.is_some(), cx);
    }
    let (name, name_span) = match &args.name {
        Some(name) => (name.value(), name.span()),
        None => (
            words::plain_name(&function.sig.ident),
            function.sig.ident.span(),
        ),
    };
    let of_kind = kind.and_then(|kind| kind.hook(&name));
    let params = match (kind, of_kind) {
        _ if is_generic => Vec::new(),
        (None, _) => signature::params(function, cx),
        (Some(kind), Some((_, data))) => of_kind::params(function, data, kind, cx),
        // A hook the kind does not have is reported as that.
        (Some(_), None) => Vec::new(),
    };
    Hook {
        params,
        of_kind,
        kind_path: kind.map(|kind| kind.path),
        ..Hook::new(function, args, (name, name_span), index)
    }
}

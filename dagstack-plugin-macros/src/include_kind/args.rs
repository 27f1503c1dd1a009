//! `"kinds/llm/v1.yaml", as = Model, types(Chunk = crate::Chunk), crate = ::dagstack_plugin`.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Path, Result, Token, parenthesized};

use crate::ctxt::Ctxt;
use crate::path::CratePath;

/// What `include_kind!` is given.
pub(super) struct Args {
    /// The hookspec, relative to the crate's folder.
    pub(super) path: LitStr,
    /// The trait's name, in the place of the kind's.
    pub(super) name: Option<Ident>,
    /// Types of the author's in the place of definitions of the schemas.
    pub(super) types: Vec<Replaced>,
    pub(super) krate: CratePath,
}

/// `Chunk = crate::Chunk`.
pub(super) struct Replaced {
    pub(super) name: Ident,
    pub(super) path: Path,
}

impl Parse for Replaced {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        let path = Path::parse_mod_style(input)?;
        Ok(Self { name, path })
    }
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(LitStr) {
            return Err(Error::new(
                Span::call_site(),
                "`include_kind!` needs the path of a hookspec, relative to the crate's `Cargo.toml`, for example `include_kind!(\"kinds/llm/v1.yaml\")`",
            ));
        }
        let mut args = Self {
            path: input.parse()?,
            name: None,
            types: Vec::new(),
            krate: CratePath::DEFAULT,
        };
        let mut seen: Vec<&str> = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let start = input.span();
            let key = if input.peek(Token![as]) {
                input.parse::<Token![as]>()?;
                input.parse::<Token![=]>()?;
                args.name = Some(trait_name(input)?);
                "as"
            } else if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                args.krate = crate_path(&Path::parse_mod_style(input)?)?;
                "crate"
            } else {
                let key: Ident = input.parse()?;
                if key != "types" {
                    return Err(Error::new(
                        start,
                        format!(
                            "`include_kind!` has no argument `{key}`\nnote: there are `as = Name`, `types(Name = path)` and `crate = ::path`"
                        ),
                    ));
                }
                let list;
                parenthesized!(list in input);
                args.types = Punctuated::<_, Token![,]>::parse_terminated(&list)?
                    .into_iter()
                    .collect();
                "types"
            };
            if seen.contains(&key) {
                return Err(Error::new(start, format!("`{key}` is given twice")));
            }
            seen.push(key);
        }
        args.check_types()?;
        Ok(args)
    }
}

impl Args {
    fn check_types(&self) -> Result<()> {
        for (index, replaced) in self.types.iter().enumerate() {
            let name = &replaced.name;
            if self
                .types
                .iter()
                .take(index)
                .any(|other| other.name == *name)
            {
                return Err(Error::new(
                    name.span(),
                    format!("`types` replaces `{name}` twice"),
                ));
            }
        }
        Ok(())
    }

    /// The trait of the kind called `kind`.
    pub(super) fn trait_name(&self, kind: &str) -> Ident {
        self.name
            .clone()
            .unwrap_or_else(|| format_ident!("{}", super::upper_camel(kind), span = self.span()))
    }

    /// Where the code that is made claims to be.
    pub(super) fn span(&self) -> Span {
        Span::call_site().located_at(self.path.span())
    }

    /// The author's type in the place of `name`.
    pub(super) fn replaced(&self, name: &str) -> Option<&Replaced> {
        self.types.iter().find(|replaced| replaced.name == name)
    }
}

/// The name behind `as`.
fn trait_name(input: ParseStream<'_>) -> Result<Ident> {
    match input.parse::<Option<LitStr>>()? {
        None => input.parse(),
        Some(text) => Err(Error::new(
            text.span(),
            format!(
                "the name of the trait stands without quotes\nhelp: write `as = {}`",
                super::upper_camel(&text.value())
            ),
        )),
    }
}

fn crate_path(path: &Path) -> Result<CratePath> {
    let cx = Ctxt::default();
    let parsed = CratePath::parse(path.to_token_stream(), &cx);
    match cx.finish() {
        None => Ok(parsed),
        Some(_) => Err(Error::new_spanned(
            path,
            format!(
                "`crate` must be an absolute path: write `crate = ::{}`",
                path.to_token_stream().to_string().replace(' ', "")
            ),
        )),
    }
}

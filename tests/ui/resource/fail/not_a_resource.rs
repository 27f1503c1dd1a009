#![allow(unused)]

use std::sync::Arc;

use dagstack_plugin::prelude::*;

trait Ledger: Send + Sync {}

fn setup(ctx: &PluginContext) {
    let ledger = ctx.resources().get::<dyn Ledger>("ledger");
}

fn main() {}

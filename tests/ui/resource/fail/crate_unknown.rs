use dagstack_plugin::resource;

#[resource(crate = ::dagstack)]
pub trait Ledger {
    async fn f(&self);
}

fn uses(_: &dyn Ledger) {}

fn main() {}

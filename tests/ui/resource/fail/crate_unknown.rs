use dagstack_plugin::resource;

#[resource(name = "acme.ledger", crate = ::dagstack)]
pub trait Ledger {
    async fn f(&self);
}

fn uses(_: &dyn Ledger) {}

fn main() {}

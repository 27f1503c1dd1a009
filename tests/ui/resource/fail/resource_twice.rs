use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn f(&self);
}

fn main() {}

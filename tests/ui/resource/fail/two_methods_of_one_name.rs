use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn f(&self);
    async fn f(&self);
}

fn main() {}

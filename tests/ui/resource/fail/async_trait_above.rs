use dagstack_plugin::resource;

#[dagstack_plugin::async_trait]
#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn f(&self);
}

fn main() {}

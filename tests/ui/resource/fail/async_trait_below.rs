use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
#[dagstack_plugin::async_trait]
pub trait Ledger {
    async fn f(&self);
}

fn main() {}
